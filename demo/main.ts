/**
 * `npm run demo`: the whole product on this machine in under a minute, on real data, with nothing left behind. Starts
 * an API and a runner, lets one member publish three functions and another count the words of a book with them, train a
 * neural network on hand-written digits, and ask it about digits that it has not seen, all on the machine of a third;
 * and shows who paid whom.
 */
import { fileURLToPath } from "node:url";
import { reportError } from "../client/cli/report.ts";
import { createTerminal } from "../client/cli/terminal.ts";
import { readNumbers } from "./digits.ts";
import { balancesOf, showPayments } from "./payments.ts";
import { handles, type Platform, startPlatform } from "./platform.ts";
import { Stage } from "./stage.ts";
import { countWords } from "./words.ts";

const slots = 2;
const royaltyPercent = 10;
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
      return [started, `${started.url}, ${slots} slots`];
    });
    const { people } = platform;
    const { author, consumer, provider } = handles;
    stage.line(`  ${author} writes functions, ${consumer} has data, ${provider} lends the machine`);
    await stage.step(`${author} publishes three functions`, async () => {
      const names = ["word-count", "mlp-digits", "digits-predict"];
      for (const name of names)
        await people.author.functions.publishFile(functionPath(name), {
          visibility: "public",
          royaltyPercent,
          signal: interrupt.signal,
        });
      return [names, names.join(", ")];
    });
    const before = await balancesOf(people, interrupt.signal);
    await countWords(people.consumer, stage, interrupt.signal);
    await readNumbers(people.consumer, stage, interrupt.signal);
    await showPayments(people, before, stage, interrupt.signal);
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
