import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import type { Json } from "../../../protocol/job.ts";
import { type Context, collect, examples } from "../context.ts";
import { duration, short } from "../format.ts";
import { warnDeprecated } from "../market.ts";
import { UsageError } from "../report.ts";
import { integer } from "../request.ts";
import { valueText } from "../show-result.ts";
import { inputOf, paramsOf, usesOf } from "../values.ts";

interface InvokeOptions {
  param?: string[];
  use?: string[];
  seed?: number;
  pool?: string;
  fnVersion?: string;
  wait?: number;
  json?: boolean;
}

export function invokeCommand(program: Command, context: Context): void {
  program
    .command("invoke")
    .argument("<function>")
    .argument("[input]", "JSON, @file or - for stdin; what the function takes inline")
    .option("-p, --param <name=value>", "a parameter (repeatable)", collect)
    .option("--use <name=binding>", "bind a constant: job:ID, dataset:ID, @file.json", collect)
    .option("--seed <n>", "for the function's random()", integer)
    .option("--pool <name>", "whose machines: own, everyone, or a pool")
    .option("--fn-version <version>", "of the function (default: the newest)")
    .option("--wait <seconds>", "before it becomes a job that is then awaited", integer)
    .option("--json", "print the whole answer: result, jobId, fuel, ms")
    .summary("call a function on a small input, in milliseconds")
    .addHelpText(
      "after",
      examples(
        `invoke word-count '["to be or not to be"]'`,
        "invoke digits-predict @digit.json --use model=job:job_01h…",
        "invoke monte-carlo-pi 1000000",
      ),
    )
    .action(
      async (name: string, given: string | undefined, options: InvokeOptions, command: Command) => {
        const { terminal } = context;
        const client = await context.client(command);
        const input = given === undefined ? undefined : await inputOf(given, terminal.in);
        const schema =
          options.param === undefined ? undefined : (await client.functions.get(name)).params;
        const startedAtMs = performance.now();
        const answer = await client.invoke(name, input, {
          params: paramsOf(options.param ?? [], schema),
          uses: await usesOf(options.use ?? []),
          seed: options.seed,
          pool: options.pool,
          version: options.fnVersion,
          waitSeconds: options.wait,
          signal: context.signal,
        });
        const tripMs = performance.now() - startedAtMs;
        warnDeprecated(terminal, answer);
        const bytes = bytesOf(answer.result);
        if (options.json) terminal.out.write(`${JSON.stringify(answer)}\n`);
        else if (bytes === undefined)
          terminal.out.write(`${valueText(answer.result, terminal).text}\n`);
        else if (terminal.out.isTTY)
          throw new UsageError("the result is bytes, not text for a terminal", "> FILE saves it");
        else await pipeline(Readable.from([bytes]), terminal.out, { end: false });
        if (terminal.err.isTTY)
          terminal.say(
            terminal.colors.dim(
              [
                `${duration(tripMs)} in all`,
                answer.ms === undefined ? "" : `${duration(answer.ms)} of compute`,
                `${short(answer.fuel)} fuel`,
              ]
                .filter((part) => part !== "")
                .join(" · "),
            ),
          );
      },
    );
}

/** A bytes output as invoke answers it. */
function bytesOf(result: unknown): Uint8Array | undefined {
  const { base64, contentType } = (result ?? {}) as Record<string, Json>;
  if (typeof base64 !== "string" || typeof contentType !== "string") return undefined;
  return Buffer.from(base64, "base64");
}
