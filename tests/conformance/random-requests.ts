import type { LeaseRequest } from "../../api/store/port.ts";
import { digestOf } from "../../protocol/digest.ts";
import type { Output } from "../../protocol/job.ts";

type Random = (below: number) => number;

/** What some session may ask for of a stage with so many tasks. */
export function anyRequest(random: Random, tasks: number, nowMs: number): LeaseRequest {
  const request: LeaseRequest = {
    holder: `ses_${random(3)}`,
    leases: 1 + random(3),
    tasksMax: 1 + random(8),
    leaseMs: 500,
    nowMs,
  };
  if (random(3) === 0) {
    const lo = random(tasks);
    request.prefer = [
      [lo, lo + 1 + random(8)],
      [random(tasks), tasks],
    ];
    if (random(3) === 0) request.preferOnly = true;
  }
  if (random(2) === 0) request.backupAfterMs = random(200);
  return request;
}

export function anyEarner(random: Random): string {
  return `acc_${random(3)} run ${random(2)}`;
}

/** One output for each task of [lo, hi), which no other answer has. */
export function answersOf(lo: number, hi: number, answer: number): Output[] {
  return Array.from({ length: hi - lo }, (_, i) => {
    const index = lo + i;
    const hash = digestOf(`${answer} ${index}`);
    const inline = Buffer.from("abc");
    return { level: 0, index, hash, fuel: 1, bytes: 3, hostClass: "v8", inline };
  });
}
