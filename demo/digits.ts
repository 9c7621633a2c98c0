import { duration, plural, short } from "../client/cli/format.ts";
import type { Client, ResultOf } from "../client/index.ts";
import type digitsPredict from "../functions/digits-predict.ts";
import { type Digit, digitsCsv, readDigits } from "./data.ts";
import { functionOf, onAnyMachine, runLive } from "./live-job.ts";
import { beside, drawCurve, drawDigit } from "./picture.ts";
import type { Stage } from "./stage.ts";

type Prediction = ResultOf<typeof digitsPredict>[number];

const heldOutCount = 360;
const shownDigits = 4;
const warmUpCalls = 20;
const timedCalls = 200;

/** Trains a network on hand-written digits, tests it on other people's, and asks it about some, timed. */
export async function readNumbers(
  client: Client,
  stage: Stage,
  signal: AbortSignal,
): Promise<void> {
  stage.chapter("Train a neural network on hand-written digits");
  const { train, heldOut } = await readDigits(heldOutCount);
  const dataset = await stage.step("upload the digits to train on", async () => {
    const uploaded = await client.datasets.upload(digitsCsv(train), {
      name: "digits-train",
      format: "matrix",
      signal,
    });
    return [uploaded, `${plural(uploaded.records, "digit")} of 8×8 grey levels`];
  });
  const model = await trainModel(client, stage, dataset.id, signal);
  await testModel(client, stage, { model, heldOut, signal });
  await askModel(client, stage, { model, heldOut, signal });
}

async function trainModel(
  client: Client,
  stage: Stage,
  dataset: string,
  signal: AbortSignal,
): Promise<string> {
  return stage.step("train", async () => {
    const { job, progress, ms } = await runLive(
      client,
      stage.terminal,
      { ...onAnyMachine, function: functionOf("mlp-digits"), dataset, seed: 1 },
      { signal },
    );
    const losses = (progress.metrics.get("loss") ?? []).filter((loss) => loss !== null);
    const width = Math.min(64, (stage.terminal.out.columns || 80) - 12);
    stage.line(stage.terminal.outColors.dim("   loss by round"));
    for (const line of drawCurve(losses, { width, height: 4 })) stage.line(` ${line}`);
    const roundMs = median(progress.roundMs);
    stage.result(
      "training",
      `${plural(job.round, "round")} in ${duration(ms)}, ${duration(roundMs)} a round, ${short(job.fuel)} fuel`,
    );
    return [job.id, `${plural(job.round, "round")}, ${duration(roundMs)} a round`];
  });
}

interface Trained {
  /** The job whose result is the model. */
  model: string;
  heldOut: readonly Digit[];
  signal: AbortSignal;
}

async function testModel(
  client: Client,
  stage: Stage,
  { model, heldOut, signal }: Trained,
): Promise<void> {
  await stage.step(`test on ${heldOut.length} digits by other writers`, async () => {
    const { result } = await client.run<typeof digitsPredict>(functionOf("digits-predict"), {
      ...onAnyMachine,
      input: heldOut.map(({ pixels }) => pixels),
      uses: { model: `job:${model}` },
      signal,
    });
    const right = result.filter(({ digit }, at) => digit === heldOut[at]!.label).length;
    const accuracy = `${((right / heldOut.length) * 100).toFixed(1)} % right`;
    stage.result("test accuracy", `${accuracy} (${right} of ${heldOut.length} unseen digits)`);
    return [right, accuracy];
  });
}

async function askModel(
  client: Client,
  stage: Stage,
  { model, heldOut, signal }: Trained,
): Promise<void> {
  stage.chapter("Ask the trained model, one HTTP request a digit");
  const settings = { ...onAnyMachine, uses: { model: `job:${model}` }, signal };
  const ask = async (digit: Digit): Promise<{ prediction: Prediction; ms: number }> => {
    const startedAtMs = performance.now();
    const { result } = await client.invoke<typeof digitsPredict>(
      functionOf("digits-predict"),
      [digit.pixels],
      settings,
    );
    return { prediction: result[0]!, ms: performance.now() - startedAtMs };
  };
  for (let call = 0; call < warmUpCalls; call++) await ask(heldOut[call]!);
  const asked = pick(heldOut, shownDigits);
  const blocks: string[][] = [];
  for (const digit of asked) {
    const { prediction, ms } = await ask(digit);
    const mark = prediction.digit === digit.label ? "✔" : `✘ (a ${digit.label})`;
    const sure = `${(prediction.probabilities[prediction.digit]! * 100).toFixed(1)} %`;
    const answer = `${prediction.digit}  ${sure}  ${mark}`;
    blocks.push([...drawDigit(digit.pixels), "", answer.padEnd(16), duration(ms).padEnd(16)]);
  }
  for (const line of beside(blocks, "  ")) stage.line(`  ${line}`.trimEnd());
  const times: number[] = [];
  await stage.step(`${timedCalls} more, one after another`, async () => {
    for (let call = 0; call < timedCalls; call++)
      times.push((await ask(heldOut[call % heldOut.length]!)).ms);
    const latency = `p50 ${duration(quantile(times, 0.5))}, p99 ${duration(quantile(times, 0.99))}`;
    stage.result("invoke", `${latency} over ${timedCalls} HTTP requests`);
    return [times, latency];
  });
}

/** The first ones that show different digits. */
function pick(digits: readonly Digit[], n: number): Digit[] {
  const firsts = new Map<number, Digit>();
  for (const digit of digits) if (!firsts.has(digit.label)) firsts.set(digit.label, digit);
  return [...firsts.values()].slice(0, n);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
