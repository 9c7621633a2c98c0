/** One run of a function on a sample. */
export interface SampleRun {
  records: number;
  fuel: number;
  /** Rounds of an iterative function; 1 otherwise. */
  rounds: number;
}

/** Fuel of one pass over some records: a part that does not depend on them, and so much for each. */
export interface FuelModel {
  constant: number;
  perRecord: number;
  /** What it is off by, as a share of itself, up or down. */
  spread: number;
}

export interface Range {
  low: number;
  expected: number;
  high: number;
}

/** Samples never stand for all of the data, however alike they are. */
const spreadMin = 0.1;
/** With one sample alone nothing is known of how they differ. */
const spreadOfOne = 0.5;
/** Samples are few: the whole differs from them more than they do from each other. */
const spreadFactor = 1.5;

/**
 * Fits a line through the runs: those on a slice of one shard each, and one on all slices together, whose fuel beyond a
 * single slice's is what more records take. Reduces, steps and what else comes once a pass is the constant.
 * @param singles at least one
 */
export function fitOf(singles: readonly SampleRun[], joined: SampleRun | undefined): FuelModel {
  const each = singles.map(perPass);
  const records = meanOf(each.map((run) => run.records));
  const fuel = meanOf(each.map((run) => run.fuel));
  const { constant, perRecord } = lineOf({ records, fuel }, joined && perPass(joined));
  if (singles.length < 2) return { constant, perRecord, spread: spreadOfOne };
  const off = each.map((run) => {
    const expected = constant + perRecord * run.records;
    return expected > 0 ? Math.abs(run.fuel / expected - 1) : 0;
  });
  return {
    constant,
    perRecord,
    spread: Math.max(Math.max(...off) * spreadFactor, spreadMin),
  };
}

/** Fuel of one pass over so many records. */
export function rangeOf({ constant, perRecord, spread }: FuelModel, records: number): Range {
  const expected = Math.ceil(constant + perRecord * records);
  return around(expected, spread);
}

export function around(expected: number, spread: number): Range {
  return {
    low: Math.floor(expected / (1 + spread)),
    expected,
    high: Math.ceil(expected * (1 + spread)),
  };
}

interface Point {
  records: number;
  fuel: number;
}

function lineOf(single: Point, joined: Point | undefined): { constant: number; perRecord: number } {
  const proportional = (point: Point) => ({ constant: 0, perRecord: point.fuel / point.records });
  if (!joined || joined.records <= single.records) return proportional(single);
  const perRecord = (joined.fuel - single.fuel) / (joined.records - single.records);
  const constant = single.fuel - perRecord * single.records;
  // Below zero it would be less than nothing for few records; beyond the fuel, less for more records.
  if (constant < 0 || perRecord <= 0) return proportional(joined);
  return { constant, perRecord };
}

function perPass({ records, fuel, rounds }: SampleRun): Point {
  return { records, fuel: fuel / Math.max(rounds, 1) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
