import type { Catalog } from "../catalog/catalog.ts";
import type { Quotas } from "../quotas/quotas.ts";

/**
 * Before a version is written, in the same turn. What is there already costs nothing more.
 * @throws GridError quota-exceeded
 */
export function admitVersion(
  quotas: Quotas,
  { functions }: Catalog,
  { owner, name, digest }: { owner: string; name: string; digest: string },
): void {
  const known = functions.find(owner, name);
  if (!known) quotas.check(owner, "functions");
  if (!known || !functions.version(known.id, digest)) quotas.check(owner, "versions");
}

/**
 * For one upload: `onProgress` ends it as soon as it is larger than there is room for, `admitDataset` is asked in the turn
 * in which it is written, since other uploads may have ended meanwhile.
 * @throws GridError quota-exceeded, also at once
 */
export function datasetAdmission(
  quotas: Quotas,
  { datasets }: Catalog,
  owner: string,
  id: string,
): { onProgress: (bytes: number) => void; admitDataset: (bytes: number) => void } {
  const admitDataset = (bytes: number): void => {
    // A repeat of a request whose answer was lost.
    if (datasets.find(id)) return;
    quotas.check(owner, "datasets");
    quotas.check(owner, "datasetBytes", bytes);
  };
  admitDataset(0);
  const left = datasets.find(id) ? Number.POSITIVE_INFINITY : quotas.left(owner, "datasetBytes");
  return {
    admitDataset,
    onProgress: (bytes) => {
      if (bytes > left) throw quotas.exceeded(owner, "datasetBytes");
    },
  };
}
