import { digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import type { Envelope } from "../../protocol/frames.ts";
import type {
  ChangedParams,
  GatewayToRunner,
  RunnerJob,
  RunPartial,
} from "../../protocol/gateway-to-runner.ts";
import type { JobSpec, Output, Stage } from "../../protocol/job.ts";
import { frameBytesMax, inlineBytesMax } from "../../protocol/limits.ts";
import { nodeSpan } from "../../protocol/merge-tree.ts";
import { type JobView, paramsAfter } from "../jobs/job-view.ts";
import type { Lease, Store } from "../store/port.ts";

type RunMessage = Extract<GatewayToRunner, { type: "run" }>;

/** Inline payloads of one run message together; beyond it the rest goes by digest. */
const inlineTotalMax = frameBytesMax / 4;
/** Blobs read at once. */
const readsMax = 32;

/** What a runner is told of a job before its first lease. */
export function runnerJob(spec: JobSpec, shardCount: number, blobToken: string): RunnerJob {
  const { input } = spec;
  return {
    id: spec.id,
    owner: spec.owner,
    function: spec.function,
    kind: spec.kind,
    bundle: spec.bundle,
    ...(input.type === "dataset"
      ? { manifest: { digest: input.manifest, format: input.format } }
      : {}),
    guest: {
      id: spec.id,
      seed: spec.seed,
      params: spec.params,
      reducers: spec.reducers,
      shardCount,
    },
    uses: spec.uses,
    limits: spec.limits,
    output: spec.output,
    blobToken,
  };
}

/**
 * The run message of a lease with its inputs, read from the store. Outputs of earlier stages that are inline there ride
 * along while they fit a frame; the others go by digest.
 * @throws GridError blob-missing when an input of the stage is gone
 */
export async function runMessage(
  store: Store,
  view: JobView,
  lease: Lease,
): Promise<Envelope<RunMessage>> {
  const { stage } = view;
  const message: RunMessage = {
    type: "run",
    lease: lease.token,
    job: lease.job,
    stage: stage.number,
    round: stage.round,
    entry: stage.entry,
    lo: lease.lo,
    hi: lease.hi,
    ...(stage.tasking ? { tasking: stage.tasking } : {}),
    ...(stage.leaves === undefined ? {} : { leaves: stage.leaves }),
    ...(stage.level === undefined ? {} : { level: stage.level }),
    ...(lease.changes ? { changed: changedParams(view, lease.changes) } : {}),
  };
  const payloads: Uint8Array[] = [];
  if (stage.state !== undefined && stage.entry !== "merge") {
    const [state] = await store.jobs.outputs(lease.job, stage.state, { level: 0, from: 0, to: 1 });
    if (!state) throw missing(lease.job, stage.state);
    if (state.inline && state.bytes <= inlineBytesMax) {
      message.hasState = true;
      payloads.push(state.inline);
    } else message.stateDigest = await asBlob(store, state);
  }
  if (stage.from !== undefined) {
    const inputs = await withSmallBlobs(store, await inputsOf(store, stage, lease));
    let inlineTotal = 0;
    message.partials = [];
    for (const { task, output } of inputs) {
      const fits = output.inline !== undefined && inlineTotal + output.bytes <= inlineTotalMax;
      if (fits) {
        inlineTotal += output.bytes;
        payloads.push(output.inline!);
      } else await asBlob(store, output);
      message.partials.push(partialRef(task, output, fits));
    }
  }
  return { message, payloads };
}

/** What a runner has to fetch for it of outputs of earlier stages. */
export function fetchedInputs({ stateDigest, partials }: RunMessage): Set<string> | undefined {
  const digests = (partials ?? []).filter(({ inline }) => !inline).map(({ hash }) => hash);
  if (stateDigest !== undefined) digests.push(stateDigest);
  return digests.length > 0 ? new Set(digests) : undefined;
}

/** The job's parameters after so many changes of them. */
export function changedParams({ spec, changes: all }: JobView, changes: number): ChangedParams {
  return { changes, params: paramsAfter(spec, all, changes) };
}

interface TaskInput {
  task: number;
  output: Output;
}

async function inputsOf(store: Store, stage: Stage, lease: Lease): Promise<TaskInput[]> {
  const { jobs } = store;
  const from = stage.from!;
  if (stage.entry === "reduce") {
    const inputs: TaskInput[] = [];
    for (let task = lease.lo; task < lease.hi; task++) {
      const outputs = await jobs.outputs(lease.job, from, { level: task });
      // An empty partition is the line "[]": nothing to carry.
      for (const output of outputs) if (output.bytes > 2) inputs.push({ task, output });
    }
    return inputs;
  }
  const leaves = stage.leaves!;
  const outputs = await jobs.outputs(lease.job, from);
  outputs.sort((a, b) => nodeSpan(a, leaves).lo - nodeSpan(b, leaves).lo);
  if (stage.entry === "step") return outputs.map((output) => ({ task: 0, output }));
  const width = 2 ** stage.level!;
  const inputs = outputs.map((output) => ({
    task: Math.floor(nodeSpan(output, leaves).lo / width),
    output,
  }));
  return inputs.filter(({ task }) => task >= lease.lo && task < lease.hi);
}

/** Small outputs that are blobs, as remembered ones are, ride along too: a request for each would take the runner longer. */
async function withSmallBlobs(store: Store, inputs: TaskInput[]): Promise<TaskInput[]> {
  const isSmall = ({ output }: TaskInput) => !output.inline && output.bytes <= inlineBytesMax;
  if (!inputs.some(isSmall)) return inputs;
  const whole: TaskInput[] = [];
  let bytes = 0;
  for (let at = 0; at < inputs.length; at += readsMax) {
    const read = inputs.slice(at, at + readsMax).map(async (input) => {
      if (!isSmall(input) || bytes > inlineTotalMax) return input;
      bytes += input.output.bytes;
      const { output } = input;
      const inline = await store.blobs.get(output.hash);
      // What rides along nobody checks again.
      if (!inline || digestOf(inline) !== output.hash) return input;
      return { ...input, output: { ...output, inline } };
    });
    whole.push(...(await Promise.all(read)));
  }
  return whole;
}

function partialRef(task: number, output: Output, inline: boolean): RunPartial {
  const { level, index, bytes, hash } = output;
  return { task, level, index, bytes, hash, inline };
}

/** Makes sure that an output can be fetched by digest. */
async function asBlob(store: Store, output: Output): Promise<string> {
  if (output.inline) await store.blobs.put(output.hash, output.inline);
  return output.hash;
}

function missing(job: string, stage: number): GridError {
  return new GridError("blob-missing", `Job ${job} has lost the output of stage ${stage}.`);
}
