import type { JobWorker, ServedWork } from "../ports.ts";
import type { MayWork } from "./may-work.ts";
import type { RunnerSession } from "./session.ts";

type Sessions = Iterable<RunnerSession>;

/** Whether one of these runners may do this work. */
export function isServed(sessions: Sessions, mayWork: MayWork, work: ServedWork): boolean {
  for (const session of sessions) if (mayWork(work, session)) return true;
  return false;
}

/** Tasks of a job that they hold and have not answered, without copies. */
export function tasksUnderWay(sessions: Sessions, job: string): number {
  let tasks = 0;
  for (const { leases } of sessions)
    for (const lease of leases.values())
      if (lease.job === job && !lease.backup) tasks += lease.hi - lease.next;
  return tasks;
}

/** What each of these runners holds of a job, if anything. */
export function workersOn(sessions: Sessions, job: string): JobWorker[] {
  const workers: JobWorker[] = [];
  for (const { id, hello, owner, leases: all } of sessions) {
    const leases = [...all.values()].filter((lease) => lease.job === job);
    if (leases.length === 0) continue;
    workers.push({
      session: id,
      runner: hello.runner,
      name: hello.name,
      owner,
      leases: leases.length,
      tasks: leases.reduce((sum, { next, hi }) => sum + hi - next, 0),
      follows: leases.some(({ follows }) => follows !== undefined),
    });
  }
  return workers;
}

/** Runners that hold leases of a job. */
export function runnersOn(sessions: Sessions, job: string): number {
  let count = 0;
  for (const session of sessions) {
    for (const lease of session.leases.values()) {
      if (lease.job !== job) continue;
      count++;
      break;
    }
  }
  return count;
}

/** How many of an account's these are, without `except`: one that comes back may still seem to be here. */
export function runnersOf(sessions: Sessions, account: string, except?: string): number {
  const runners = new Set<string>();
  for (const { owner, hello } of sessions)
    if (owner === account && hello.runner !== except) runners.add(hello.runner);
  return runners.size;
}

export function haveRoom(sessions: Sessions): boolean {
  for (const session of sessions) if (session.room > 0) return true;
  return false;
}

export function jobsAtWork(sessions: Sessions): Set<string> {
  const jobs = new Set<string>();
  for (const { leases } of sessions) for (const { job } of leases.values()) jobs.add(job);
  return jobs;
}

/** Takes a job from these runners: its leases are cancelled, and they forget it. */
export function stopJob(sessions: Sessions, job: string): void {
  for (const session of sessions) {
    const held = [...session.leases.values()].filter((lease) => lease.job === job);
    for (const lease of held) session.leases.delete(lease.token);
    session.leases.forget(job);
    if (held.length > 0) session.send({ type: "cancel", leases: held.map(({ token }) => token) });
    if (session.knownJobs.delete(job)) session.send({ type: "forget", job });
  }
}
