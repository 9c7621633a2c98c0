import type { Stage } from "../../../protocol/job.ts";
import type { Claimed, Partition } from "../port.ts";
import type { Connection } from "./connection.ts";
import { jobKey } from "./keys.ts";

export async function readPartition(
  connection: Connection,
  id: string,
): Promise<Partition | undefined> {
  const reply = (await connection.callBytes("partition", jobKey(id), [])) as
    | [stage: Buffer, done: Buffer, pending: Buffer[], claims: Buffer[]]
    | [];
  if (reply.length === 0) return undefined;
  const [stage, done, pending, claims] = reply;
  return {
    stage: JSON.parse(stage.toString()) as Stage,
    done: Number(done),
    pending: pending.map((run) => {
      const [lo, hi, attempts] = run.toString().split(":").map(Number);
      return [lo!, hi!, attempts!] as const;
    }),
    claims: claims.map(readClaim),
  };
}

function readClaim(packed: Buffer): Claimed {
  const [front, hi, attempts, ...holders] = packed.toString().split(" ");
  return { front: Number(front), hi: Number(hi), attempts: Number(attempts), holders };
}
