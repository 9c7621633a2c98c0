import type { Command } from "commander";
import type { ParamSchema } from "../../../protocol/guest.ts";
import type { Client, Job } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { plural } from "../format.ts";
import { UsageError } from "../report.ts";
import { integer } from "../request.ts";
import { statusMark } from "../status-mark.ts";
import { paramsOf } from "../values.ts";

/** Commands that steer a job while it runs. */
export function steeringCommands(jobs: Command, context: Context): void {
  const { terminal } = context;
  const tell = (job: Job, what: string) =>
    terminal.say(`${statusMark(job.status, terminal.colors)} ${job.id} ${what}`);

  jobs
    .command("pause")
    .argument("<job...>")
    .summary("pause jobs")
    .description("Nothing more of them is handed out; what runners are at still counts.")
    .addHelpText("after", examples("jobs pause job_01h…"))
    .action(async (ids: string[], _options: object, command: Command) => {
      const client = await context.client(command);
      for (const id of ids) {
        const job = await client.jobs.pause(id);
        tell(job, job.status);
      }
    });
  jobs
    .command("resume")
    .argument("<job...>")
    .summary("let paused jobs go on")
    .addHelpText("after", examples("jobs resume job_01h…"))
    .action(async (ids: string[], _options: object, command: Command) => {
      const client = await context.client(command);
      for (const id of ids) {
        const job = await client.jobs.resume(id);
        tell(job, job.pausedBy ? `is paused still: ${job.waitingFor ?? ""}` : job.status);
      }
    });
  jobs
    .command("step")
    .argument("<job>")
    .option("--rounds <n>", "how many", integer, 1)
    .summary("let a paused job do a round, and pause again")
    .addHelpText("after", examples("jobs step job_01h…", "jobs step job_01h… --rounds 10"))
    .action(async (id: string, { rounds }: { rounds: number }, command: Command) => {
      const client = await context.client(command);
      tell(await client.jobs.step(id, { rounds }), `does ${plural(rounds, "round")}`);
    });
  jobs
    .command("params")
    .argument("<job>")
    .argument("<name=value...>")
    .summary("change parameters of a running job")
    .description(
      "The next round that begins uses them. What only init reads has no effect any more once the job has begun.",
    )
    .addHelpText("after", examples("jobs params job_01h… learningRate=0.05"))
    .action(async (id: string, pairs: string[], _options: object, command: Command) => {
      const client = await context.client(command);
      const params = await paramsFor(client, id, pairs);
      const job = await client.jobs.setParams(id, params);
      const names = Object.keys(params).join(", ");
      const waits = job.paramChanges?.some(({ round }) => round === undefined);
      tell(job, waits ? `uses ${names} from its next round on` : `has ${names} so`);
    });
}

/** A parameter that was a string stays one, whatever it looks like. */
async function paramsFor(client: Client, id: string, pairs: readonly string[]) {
  const { params: now } = await client.jobs.get(id);
  const properties: Record<string, ParamSchema> = {};
  for (const [name, value] of Object.entries(now))
    if (typeof value === "string") properties[name] = { type: "string" };
  const params = paramsOf(pairs, { properties }, "params");
  if (!params) throw new UsageError("params takes name=value");
  return params;
}
