import type { Client } from "../index.ts";
import { UsageError } from "./report.ts";

/** "owner/name" as it is; a bare name as one's own pool. @throws UsageError when there is none */
export async function resolvePool(client: Client, given: string): Promise<string> {
  if (given.includes("/")) return given;
  for await (const { name, role } of client.pools.list())
    if (role === "owner" && name.endsWith(`/${given}`)) return name;
  throw new UsageError(
    `you have no pool "${given}" of your own`,
    "write another's as owner/name; sparegrid pools lists those you belong to",
  );
}

/** One cannot leave one's own, so a bare name is none that is meant. */
export function requireFull(pool: string): string {
  if (/^[^/]+\/[^/]+$/.test(pool)) return pool;
  throw new UsageError(`"${pool}" is not a pool's full name`, "write owner/name");
}
