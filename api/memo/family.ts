import { type Digest, digestOf } from "../../protocol/digest.ts";
import type { JobSpec, Json } from "../../protocol/job.ts";
import type { Manifest } from "../../protocol/manifest.ts";

/** Goes up when results of before must not be taken any more: tasks are cut, named or encoded in another way. */
const generation = 1;

/**
 * Names the results that a job may take, of one owner: everything that the outputs of its tasks depend on but for where
 * in the input a task is (names.ts). Of the input that is how its records read, and its first shard: a dataset that was
 * appended to begins with the same one, and so what is looked through for a job is little more than what it can use.
 *
 * Limits are part of it, since a function can find out about its memory and its fuel by failing; time is not. So is the
 * engine, because another V8 may compute other bits.
 *
 * @param v8 the version of the engine that runners of this API have
 * @param manifest of the input; undefined for a range
 */
export function familyOf(spec: JobSpec, manifest: Manifest | undefined, v8: string): Digest {
  const { bundle, kind, params, uses, seed, reducers, limits } = spec;
  const { shards: _, ...reading } = manifest ?? { shards: [] };
  const all = {
    generation,
    v8,
    bundle,
    kind,
    params,
    uses: { ...uses },
    seed,
    reducers,
    fuel: limits.fuelPerTask,
    memory: limits.memoryMb,
    reading: { ...reading },
    first: manifest?.shards[0]?.digest ?? null,
  };
  return digestOf(canonical(all));
}

/** JSON with the names of every object in order, so that equal values give equal text. */
export function canonical(value: Json | object): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
