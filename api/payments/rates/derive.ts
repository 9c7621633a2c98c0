/**
 * A version's rate, from how long its work took on whose machines. Rates are microcredits for 10^9 fuel; 1 credit is
 * 1 reference core-second, so a rate is what 10^9 fuel take on a reference core in microseconds.
 */

/** What the machines of one owner took, as their middle one. */
export interface Observed {
  owner: string;
  /** Microcredits for 10^9 fuel. */
  medianMicro: number;
  /** Spans of work that the median is over. */
  samples: number;
}

/**
 * - base: the platform's own rate, until enough is known of the version
 * - reference: the operator's own machines
 * - owners: the median over owners, of which there are several, so that none decides
 */
export type Basis = "base" | "reference" | "owners";

export interface Rate {
  rateMicro: number;
  basis: Basis;
}

/** Spans of work below which an owner's median says little. */
export const samplesMin = 8;
/** Owners of whom one alone cannot move the median. */
export const ownersMin = 3;
/** A rate at most doubles or halves in a step … */
const stepMax = 2;
/** … and stays, once it is the version's own, when it would change by less, which is noise. */
const changeMin = 0.2;
export const rateMicroMax = 1_000_000_000_000;

/**
 * The next rate, or undefined when the present one stays. The first that the operator's own machines give replaces the
 * platform's rate at once: machines of the same kind measured both.
 */
export function deriveRate(
  current: Rate,
  observed: readonly Observed[],
  referenceOwner: string,
): Rate | undefined {
  const known = observed.filter(({ samples }) => samples >= samplesMin);
  const reference = known.find(({ owner }) => owner === referenceOwner);
  if (reference) {
    const first = current.basis === "base";
    return changed(current, reference.medianMicro, "reference", first ? rateMicroMax : stepMax);
  }
  if (known.length < ownersMin) return undefined;
  const middle = medianOf(known.map(({ medianMicro }) => medianMicro));
  return changed(current, middle, "owners", stepMax);
}

/** The lower of the two middle ones of an even number. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}

function changed(
  { rateMicro, basis: before }: Rate,
  wanted: number,
  basis: Basis,
  factorMax: number,
): Rate | undefined {
  const isOwn = before !== "base";
  if (isOwn && Math.abs(wanted - rateMicro) < rateMicro * changeMin) return undefined;
  const bounded = Math.min(Math.max(wanted, rateMicro / factorMax), rateMicro * factorMax);
  const next = Math.min(Math.max(Math.round(bounded), 1), rateMicroMax);
  return isOwn && next === rateMicro ? undefined : { rateMicro: next, basis };
}
