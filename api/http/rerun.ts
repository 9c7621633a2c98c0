import { GridError } from "../../protocol/errors.ts";
import type { RerunRequest } from "../../protocol/http-jobs.ts";
import type { JobSpec } from "../../protocol/job.ts";
import type { Principal } from "../accounts/principal.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { DatasetRow } from "../catalog/datasets.ts";
import type { JobRow } from "../catalog/jobs.ts";
import type { Deps } from "../deps.ts";
import { inlineIdOf } from "./inputs.ts";
import { fillParams } from "./params.ts";
import type { Submit } from "./submit.ts";

export type RerunDeps = Pick<Deps, "catalog" | "versions" | "names" | "pools" | "clock"> & {
  submit: Submit;
};

/**
 * Submits a job again: the same version over the same input with the same constants, and other parameters where they
 * are given. The new job has an input of its own, so the old one may be forgotten.
 * @throws GridError result-gone when the input is no longer kept, unknown-param, bad-param, not-found, as a submit
 */
export async function rerun(
  { catalog, versions, names, pools, submit, clock }: RerunDeps,
  id: string,
  principal: Principal,
  row: JobRow,
  request: RerunRequest,
): Promise<JobSpec> {
  const reference = names.full(row.functionOwner, row.function);
  const version = versions.find(principal, reference, row.version);
  const old = row.spec;
  const known = catalog.jobs.find(id);
  const datasets = catalog.datasets.readBy(row.id);
  if (row.gone || (old.input.type === "dataset" && datasets.length === 0))
    throw new GridError("result-gone", `The input of job ${row.id} is no longer kept.`, {
      name: row.id,
      hint: "Submit the function with its dataset anew.",
    });
  const pool =
    request.pool === undefined ? old.pool : pools.choice.resolve(principal, request.pool);
  const spec: JobSpec = {
    ...old,
    id,
    owner: principal.account,
    ...(pool === undefined ? {} : { pool }),
    params: fillParams(version.description.params, { ...old.params, ...request.params }),
    seed: request.seed ?? old.seed,
    createdAtMs: known?.createdAtMs ?? clock(),
  };
  const shared = datasets.map((dataset) => shareInput(catalog, id, principal, dataset));
  await submit.accept({ spec, version, datasets: shared }, request);
  return spec;
}

/** An inline input belongs to one job; another gets one of its own over the same blobs. Returns the id to read. */
function shareInput(
  catalog: Catalog,
  job: string,
  { account }: Principal,
  dataset: DatasetRow,
): string {
  if (dataset.job === null) return dataset.id;
  const id = inlineIdOf(job);
  catalog.transaction(() => {
    catalog.datasets.insert({ ...dataset, id, job, owner: account });
    catalog.blobRefs.share(dataset.id, id);
  });
  return id;
}
