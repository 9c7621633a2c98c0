import type { Command } from "commander";
import type { Estimate } from "../../../protocol/http.ts";
import { creditsText } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { count, plural, short } from "../format.ts";
import { describesJob, type RequestOptions, requestOf } from "../request.ts";
import type { Terminal } from "../terminal.ts";

export function estimateCommand(program: Command, context: Context): void {
  describesJob(program.command("estimate").argument("<function>"))
    .option("--json", "print JSON")
    .summary("what a job would cost")
    .description(
      "Runs a sample of the input, a few seconds at most, and says what the whole would take. The sample is paid like a call. A `run` of the same job soon afterwards holds the upper end.",
    )
    .addHelpText(
      "after",
      examples(
        "estimate word-count --dataset moby-dick",
        "estimate k-means --dataset points -p k=16 --bid 1.5",
      ),
    )
    .action(
      async (name: string, options: RequestOptions & { json?: boolean }, command: Command) => {
        const { terminal, signal } = context;
        const client = await context.client(command);
        const { request } = await requestOf(client, name, options, context);
        const estimate = await client.jobs.estimate(request, { signal });
        if (options.json) terminal.out.write(`${JSON.stringify(estimate)}\n`);
        else show(estimate, terminal);
      },
    );
}

function show(estimate: Estimate, { out, outColors }: Terminal): void {
  const { cost, fuel, rounds, free } = estimate;
  const row = (name: string, value: string) =>
    out.write(`${outColors.dim(name.padEnd(9))} ${value}\n`);
  const between = (low: string, high: string) => (low === high ? low : `${low} to ${high}`);
  const costs = (range: Estimate["cost"]) =>
    `${outColors.bold(creditsText(range.expected))} (${between(creditsText(range.low), creditsText(range.high))})`;
  row("cost", free ? "nothing: it runs on your own machines" : costs(cost));
  if (rounds !== undefined && !free)
    row("a round", `${costs(rounds.cost)}, at most ${plural(rounds.most, "round")}`);
  row("fuel", `${short(fuel.expected)} (${between(short(fuel.low), short(fuel.high))})`);
  if (!free)
    row(
      "price",
      `${creditsText(estimate.rate)} for 10^9 fuel × ${estimate.bid} + ${estimate.royaltyPercent} % royalty + ${estimate.feePercent} % fee`,
    );
  if (estimate.remembered !== undefined)
    row(
      "known",
      `${count(estimate.remembered.records)} of ${plural(estimate.records, "record")} are remembered`,
    );
  row("sample", `${count(estimate.sampledRecords)} of ${plural(estimate.records, "record")}`);
}
