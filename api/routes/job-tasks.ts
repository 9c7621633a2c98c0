import { LRUCache } from "lru-cache";
import { allQuerySchema } from "../../protocol/http-common.ts";
import {
  type JobTasks,
  jobTasksSchema,
  type TaskInterval,
  taskIntervalsMax,
} from "../../protocol/http-live.ts";
import type { JobState } from "../../protocol/job.ts";
import type { Deps } from "../deps.ts";
import { readQuery } from "../http/body.ts";
import { noSuchJob } from "../http/job-reader.ts";
import { json, type Route } from "../http/route.ts";
import { shownRunner } from "../http/runner-names.ts";
import { viewerOf } from "../http/viewer.ts";
import { TaskFailures } from "../jobs/task-failures.ts";
import { taskMap } from "../jobs/task-map.ts";

/** Pages that ask together, or in quick succession, get one answer. */
const keptMs = 200;
const keptMax = 200;

export function jobTaskRoutes({ store, jobs, gateway, jobReader }: Deps): Route[] {
  const failures = new TaskFailures(store.events);
  const recent = new LRUCache<string, Promise<JobTasks>>({ max: keptMax, ttl: keptMs });

  async function tasksOf(id: string): Promise<JobTasks> {
    const [partition, state] = await Promise.all([store.jobs.partition(id), jobs.read(id)]);
    if (!state) throw noSuchJob(id);
    const found = await failures.of(id);
    if (!partition) return { ...endedTasks(state), failures: found };
    const { stage, done } = partition;
    const { merged, intervals, holders, leased } = taskMap(partition, taskIntervalsMax);
    const workers = new Map(gateway.workersOn(id).map((worker) => [worker.session, worker]));
    const job = { id, owner: state.spec.owner };
    return {
      stage: stage.number,
      entry: stage.entry,
      round: stage.round,
      total: stage.tasks,
      done,
      leased,
      pending: stage.tasks - done - leased,
      merged,
      intervals,
      runners: holders.map((holder) => shownRunner(job, workers.get(holder), holder)),
      failures: found,
    };
  }

  return [
    {
      operation: {
        method: "get",
        path: "/v1/jobs/:id/tasks",
        id: "getTasks",
        tag: "Jobs",
        summary: "Where the tasks of a job's present stage stand",
        description: `Intervals of tasks that are done, pending or leased, together the whole stage; above ${taskIntervalsMax} they are merged, with counts, and the answer says so. An answer may be ${keptMs} ms old.`,
        auth: "member",
        scope: "jobs",
        query: allQuerySchema,
        responses: { 200: { description: "The stage", schema: jobTasksSchema } },
      },
      async handle(c) {
        const id = c.req.param("id")!;
        jobReader.row(viewerOf(c, readQuery(c, allQuerySchema).all), id);
        let answer = recent.get(id);
        if (!answer) {
          answer = tasksOf(id);
          recent.set(id, answer);
          answer.catch(() => recent.delete(id));
        }
        return json(await answer);
      },
    },
  ];
}

/** Of a job that ended early one knows how many tasks were done, but not which. */
function endedTasks({ stage, done }: JobState): Omit<JobTasks, "failures"> {
  const { number, entry, round, tasks: total } = stage;
  const whole: TaskInterval = {
    lo: 0,
    hi: total,
    state: done === total ? "done" : "mixed",
    done,
    leased: 0,
    attempts: 0,
    runners: [],
  };
  return {
    stage: number,
    entry,
    round,
    total,
    done,
    leased: 0,
    pending: total - done,
    merged: done < total,
    intervals: total > 0 ? [whole] : [],
    runners: [],
  };
}
