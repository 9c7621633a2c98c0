import type { SeenUser, StoreUser } from "../port.ts";
import type { Connection } from "./connection.ts";
import { usersKey } from "./keys.ts";

/** Notes a user of the store and returns the others. Neither part of a name has a space. */
export async function present(
  connection: Connection,
  user: StoreUser,
  nowMs: number,
  rememberedMs: number,
): Promise<SeenUser[]> {
  const own = `${user.catalog} ${user.process}`;
  await connection.text("hset", usersKey, own, nowMs);
  const seen = (await connection.text("hgetall", usersKey)) as Record<string, string>;
  const others: SeenUser[] = [];
  const forgotten: string[] = [];
  for (const [field, seenAt] of Object.entries(seen)) {
    if (field === own) continue;
    const seenAtMs = Number(seenAt);
    const [catalog, process] = field.split(" ") as [string, string];
    if (nowMs - seenAtMs > rememberedMs) forgotten.push(field);
    else others.push({ catalog, process, seenAtMs });
  }
  if (forgotten.length > 0) await connection.text("hdel", usersKey, ...forgotten);
  return others;
}
