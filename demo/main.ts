/**
 * `npm run demo`: the whole product on this machine in under a minute, on real data, with nothing left behind. Starts
 * an API and a runner, publishes three functions, counts the words of a book, trains a neural network on hand-written
 * digits, and asks it about digits that it has not seen.
 */
import { fileURLToPath } from "node:url";
import { reportError } from "../client/cli/report.ts";
import { createTerminal } from "../client/cli/terminal.ts";
import { readNumbers } from "./digits.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { Stage } from "./stage.ts";
import { countWords } from "./words.ts";

const slots = 2;
const exitInterrupted = 130;

const terminal = createTerminal();
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => interrupt.abort(new Error("interrupted")));

process.exitCode = await main();

async function main(): Promise<number> {
  const stage = new Stage(terminal);
  const startedAtMs = performance.now();
  let platform: Platform | undefined;
  try {
    stage.title("Sparegrid", "pure functions on spare machines; this is one of them");
    platform = await stage.step("start the API and a runner", async () => {
      const started = await startPlatform(slots, interrupt.signal);
      return [started, `${started.client.url}, ${slots} slots`];
    });
    const { client } = platform;
    await stage.step("publish three functions", async () => {
      const names = ["word-count", "mlp-digits", "digits-predict"];
      for (const name of names)
        await client.functions.publishFile(functionPath(name), { signal: interrupt.signal });
      return [names, names.join(", ")];
    });
    await countWords(client, stage, interrupt.signal);
    await readNumbers(client, stage, interrupt.signal);
    stage.summary(performance.now() - startedAtMs);
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) {
      terminal.say("\ninterrupted; stopping what was started");
      return exitInterrupted;
    }
    return await reportError(terminal, error);
  } finally {
    await platform?.stop();
  }
}

function functionPath(name: string): string {
  return fileURLToPath(new URL(`../functions/${name}.ts`, import.meta.url));
}
