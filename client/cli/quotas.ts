import {
  type QuotaChanges,
  type QuotaName,
  type Quotas,
  quotaNameSchema,
  quotaNames,
} from "../../protocol/quotas.ts";
import { bytes, count, table } from "./format.ts";
import { UsageError } from "./report.ts";
import type { Terminal } from "./terminal.ts";

const units: Record<string, number> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/**
 * `name=number` as changes; a number may have a unit, as in 500GB. Undefined when nothing is to be changed.
 * @throws UsageError
 */
export function quotaChangesOf(given: readonly string[]): QuotaChanges | undefined {
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map((change) => {
      const [, name = "", value = ""] = /^([^=]+)=(.+)$/.exec(change) ?? [];
      const quota = quotaNameSchema.safeParse(name);
      if (!quota.success)
        throw new UsageError(`"${change}" changes no quota`, `there are ${quotaNames.join(", ")}`);
      return [quota.data, value === "default" ? null : numberOf(value)];
    }),
  );
}

function numberOf(text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)\s?([kMGT]?)B?$/.exec(text) ?? [];
  const value = Math.round(Number(digits) * units[unit]!);
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(`"${text}" is no number`, 'write 200, 500GB or "default"');
}

/** What there is of each, and what there may be. */
export function quotaLines(quotas: Quotas, { outColors: { dim } }: Terminal): string[] {
  const rows = quotaNames.map((name) => {
    const { used, max } = quotas[name];
    return [name, shown(name, used), max === null ? "any" : shown(name, max)];
  });
  const columns = [{ title: "QUOTA" }, { title: "USED", right: true }, { title: "MAX" }];
  return table(columns, rows, { dim, width: 80 });
}

function shown(name: QuotaName, value: number): string {
  return name === "datasetBytes" ? bytes(value) : count(value);
}
