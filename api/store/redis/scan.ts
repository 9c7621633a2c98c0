import { GridError } from "../../../protocol/errors.ts";
import type { Connection } from "./connection.ts";

/** Keys looked at in one step: some 0.3 ms of the server. */
const keysPerStep = 1000;
const ended = "0";

/**
 * All keys of a pattern, on every master, in batches; those that are there all the time, perhaps more than once.
 * @throws GridError store-unavailable when slots of a Cluster moved meanwhile: their keys may have been overlooked
 */
export async function* scanKeys(connection: Connection, pattern: string): AsyncGenerator<string[]> {
  const masters = connection.masters();
  const before = masters.length > 1 ? await slotsOf(connection) : "";
  for (const master of masters) {
    let cursor = ended;
    do {
      const reply = await connection.textOf(
        master,
        "scan",
        cursor,
        "MATCH",
        pattern,
        "COUNT",
        keysPerStep,
      );
      const [next, keys] = reply as [string, string[]];
      if (keys.length > 0) yield keys;
      cursor = next;
    } while (cursor !== ended);
  }
  if (masters.length > 1 && (await slotsOf(connection)) !== before)
    throw new GridError("store-unavailable", "The Cluster's slots moved while keys were listed");
}

/** Members of a set, in batches. */
export async function* scanSet(connection: Connection, key: string): AsyncGenerator<string[]> {
  let cursor = ended;
  do {
    const reply = await connection.text("sscan", key, cursor, "COUNT", keysPerStep);
    const [next, members] = reply as [string, string[]];
    if (members.length > 0) yield members;
    cursor = next;
  } while (cursor !== ended);
}

/** Which master has which slots. @throws GridError store-unavailable while some are being moved */
async function slotsOf(connection: Connection): Promise<string> {
  const views = (await connection.everyMaster("cluster", "nodes")) as string[];
  const own = views.map((view) => {
    const line = view.split("\n").find((candidate) => candidate.includes("myself")) ?? "";
    // id, address, flags, master, ping, pong, epoch, link, then its slots; "[…]" are on their way.
    const [id, ...rest] = line.split(" ");
    return [id, ...rest.slice(7)].join(" ");
  });
  const slots = own.sort().join("\n");
  if (slots.includes("["))
    throw new GridError("store-unavailable", "The Cluster's slots are being moved");
  return slots;
}
