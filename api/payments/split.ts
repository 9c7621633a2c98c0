/**
 * What work costs and who gets it. Published rounding, all in whole microcredits:
 *
 *   work    = floor(fuel × rate × bid)      to the provider, fuel counted from the job's beginning
 *   royalty = floor(work × royalty percent) to the function's author
 *   fee     = floor(work × fee percent)     to the platform
 *
 * The consumer pays the sum of the three. Each is a function of all the fuel so far, and what is paid is the difference
 * to what was paid before: however often and in whatever steps a job is settled, the total is the same to the microcredit.
 */

/** What a job was submitted under; never changes while it runs. */
export interface Terms {
  /** Microcredits for 10^9 fuel: the version's rate when the job was submitted. */
  rateMicro: number;
  /** Hundredths of the rate that the job pays: 100 is the rate itself. */
  bidHundredths: number;
  /** Hundredths of a percent of the work. */
  royaltyBasisPoints: number;
  feeBasisPoints: number;
}

export interface Split {
  workMicro: number;
  royaltyMicro: number;
  feeMicro: number;
}

export const fuelPerRate = 1_000_000_000;
const basisPoints = 10_000;
/** Fuel, rate and bid multiplied exceed what a double holds exactly. */
const workDivisor = BigInt(fuelPerRate) * 100n;

export const nothing: Split = { workMicro: 0, royaltyMicro: 0, feeMicro: 0 };

/** @param fuel all of one earner's fuel, from the beginning; a whole number up to 2^53 */
export function splitOf(fuel: number, terms: Terms): Split {
  const scaled = BigInt(fuel) * BigInt(terms.rateMicro) * BigInt(terms.bidHundredths);
  const work = scaled / workDivisor;
  return {
    workMicro: Number(work),
    royaltyMicro: share(work, terms.royaltyBasisPoints),
    feeMicro: share(work, terms.feeBasisPoints),
  };
}

/** What the consumer pays. */
export function costOf(fuel: number, terms: Terms): number {
  return totalOf(splitOf(fuel, terms));
}

export function totalOf({ workMicro, royaltyMicro, feeMicro }: Split): number {
  return workMicro + royaltyMicro + feeMicro;
}

export function difference(after: Split, before: Split): Split {
  return {
    workMicro: after.workMicro - before.workMicro,
    royaltyMicro: after.royaltyMicro - before.royaltyMicro,
    feeMicro: after.feeMicro - before.feeMicro,
  };
}

export function sum(a: Split, b: Split): Split {
  return {
    workMicro: a.workMicro + b.workMicro,
    royaltyMicro: a.royaltyMicro + b.royaltyMicro,
    feeMicro: a.feeMicro + b.feeMicro,
  };
}

function share(work: bigint, points: number): number {
  return Number((work * BigInt(points)) / BigInt(basisPoints));
}
