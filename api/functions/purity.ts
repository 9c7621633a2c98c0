import { GridError } from "../../protocol/errors.ts";
import type { Description } from "../../protocol/guest.ts";
import { isolateMemoryMbDefault, roundsMaxDefault } from "../../protocol/limits.ts";
import type { Executor, ExecutorReply } from "../../sandbox/port.ts";
import { inspectTimeoutMs } from "./inspect.ts";
import { defaultParams, synthesizeInputs } from "./synthesize.ts";

/** An example is small; one that takes more is not worth a publisher's wait. */
const exampleFuelMax = 2_000_000_000;
const synthesizedFuelMax = 100_000_000;
/** Fuel ends it long before, unless it is stuck in a built-in (a regular expression on text it is not made for). */
const synthesizedTimeoutMs = 3_000;
const synthesizedRoundsMax = 5;

/** What a run answered, as far as purity asks. */
interface Answer {
  /** Digest of the output, or the error. */
  outcome: string;
  fuel: number;
}

/**
 * Runs one example in two fresh isolates, and once more after other work: the answers, and the fuel they took, must be
 * the same. The example is the definition's own, else one made from the input's type (it may well make the function
 * throw; then it must throw the same each time).
 * @throws GridError impure-function; the own example's error
 */
export async function checkPurity(
  executor: Executor,
  bundle: string,
  source: string,
  description: Description,
): Promise<void> {
  const own = description.example;
  // Constants cannot be made up.
  if (!own && Object.keys(description.uses).length > 0) return;
  const inputs = synthesizeInputs(description.input);
  const first = own ? undefined : inputs.first;
  const invoke = (input: unknown) => answerOf(executor, bundle, description, input);
  const reopen = () => {
    executor.close(bundle);
    executor.open(bundle, source, { memoryMb: isolateMemoryMbDefault });
  };
  try {
    const once = await invoke(first);
    if (own && once.error) throw once.error;
    reopen();
    const again = await invoke(first);
    compare(once, again, "in two fresh sandboxes", "an entry must depend on its arguments alone");
    if (own && Object.keys(description.uses).length > 0) await invoke(first);
    else await invoke(inputs.other);
    const after = await invoke(first);
    compare(
      once,
      after,
      "before and after other work",
      "look for module-level state that a call changes (a cache, a counter, a reused array), or an input that is changed in place",
    );
  } catch (error) {
    // A made-up input may send a function astray; that says nothing of its purity.
    if (!own && error instanceof GridError && error.code !== "impure-function") return;
    throw error;
  }
}

function compare(one: Answer, two: Answer, when: string, hint: string): void {
  if (one.outcome !== two.outcome)
    throw new GridError("impure-function", `the same example gave different results ${when}`, {
      hint,
    });
  if (one.fuel !== two.fuel)
    throw new GridError(
      "impure-function",
      `the same example took ${one.fuel} and ${two.fuel} units of fuel ${when}`,
      { hint: `${hint}; fuel is part of what machines must agree on` },
    );
}

async function answerOf(
  executor: Executor,
  bundle: string,
  description: Description,
  input: unknown,
): Promise<Answer & { error?: GridError }> {
  const own = input === undefined;
  const request = {
    job: {
      id: "example",
      seed: 1,
      params: own ? {} : defaultParams(description),
      uses: {},
      reducers: 1,
      shardCount: 1,
    },
    fuelMax: own ? exampleFuelMax : synthesizedFuelMax,
    entry: "invoke" as const,
    roundsMax: own ? (description.roundsMax ?? roundsMaxDefault) : synthesizedRoundsMax,
  };
  let reply: ExecutorReply | undefined;
  await executor.run(
    bundle,
    [own ? { request } : { request, data: Buffer.from(JSON.stringify(input)) }],
    {
      timeoutMs: own ? inspectTimeoutMs : synthesizedTimeoutMs,
      onReply: (_index, answer) => {
        reply = answer;
      },
    },
  );
  if (!reply) throw new GridError("internal", "the sandbox gave no reply");
  const { header, hashes } = reply;
  if (!header.error) return { outcome: hashes.join(), fuel: header.fuel };
  const { code, name, message, stack } = header.error;
  return {
    outcome: `${code} ${name} ${message}`,
    fuel: header.fuel,
    error: new GridError(code, message, {
      name,
      ...(stack !== undefined && { frames: stack.split("\n").slice(1) }),
    }),
  };
}
