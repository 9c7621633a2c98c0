import type { QuotaName } from "../../../protocol/quotas.ts";
import { bytes, count } from "../../lib/format.ts";

/** What an account may have so much of, in words. */
export const quotaLabels: Record<QuotaName, string> = {
  functions: "Functions",
  versions: "Versions of them",
  datasets: "Datasets",
  datasetBytes: "Their size",
  activeJobs: "Jobs under way",
  keys: "Keys",
  runners: "Machines connected",
};
export const quotaNames = Object.keys(quotaLabels) as QuotaName[];

export function quotaText(name: QuotaName, value: number): string {
  return name === "datasetBytes" ? bytes(value) : count(value);
}
