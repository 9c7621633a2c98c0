import type { AnyNode } from "acorn";

/** The identifiers that metered code uses. The author's code contains none of them, so it cannot name the meter. */
export interface MeterNames {
  /** The runtime object of the bundle. */
  runtime: string;
  /** Float64Array(1): minus the fuel that is left. */
  meter: string;
  /** What is thrown when the meter is above 0. */
  out: string;
  /** caught(error), first thing in every catch and finally. */
  caught: string;
  /** Throws `out`: for places where only an expression fits. */
  raise: string;
  /** Math.ceil and Math.floor as they were before the author's code ran. */
  ceil: string;
  floor: string;
  /** A loop bound that is not a number, made a primitive once. */
  primitive: string;
  /** Trips of a loop whose bounds are not ordinary numbers. */
  trips: string;
  /** What the meter says after units were taken. */
  value: string;
  /** Counter of a region, and what it started from. */
  count: string;
  start: string;
  /** A counted loop's bound and trip count; a number follows. */
  bound: string;
  trip: string;
  /** The parameter of an inserted catch clause. */
  error: string;
}

/**
 * Picks a prefix that neither the text nor any identifier contains (an identifier may be spelled with escapes, so the
 * text alone does not tell). Depends on the source only.
 */
export function chooseNames(source: string, identifiers: ReadonlySet<string>): MeterNames {
  for (let n = 0; ; n++) {
    const prefix = n === 0 ? "$f_" : `$f${n}_`;
    if (source.includes(prefix)) continue;
    if ([...identifiers].some((name) => name.startsWith(prefix))) continue;
    return {
      runtime: `${prefix}runtime`,
      meter: `${prefix}m`,
      out: `${prefix}out`,
      caught: `${prefix}caught`,
      raise: `${prefix}raise`,
      ceil: `${prefix}ceil`,
      floor: `${prefix}floor`,
      primitive: `${prefix}primitive`,
      trips: `${prefix}trips`,
      value: `${prefix}v`,
      count: `${prefix}f`,
      start: `${prefix}g`,
      bound: `${prefix}n`,
      trip: `${prefix}t`,
      error: `${prefix}e`,
    };
  }
}

/** Adds the decoded name of an identifier node. */
export function collectName(node: AnyNode, into: Set<string>): void {
  if (node.type === "Identifier") into.add(node.name);
}

/**
 * The declarations that metered code needs in scope; `runtime` is an expression for the runtime object. Not metered:
 * `primitive` and `trips` are reached only by loops whose bounds are no ordinary numbers.
 *
 * - primitive: ToPrimitive once, so that an object cannot answer differently at each test of the loop
 * - trips: the distance between two primitives; beyond 2^53, where `i + 1 === i`, a loop that runs at all is endless,
 *   which costs more fuel than there is
 */
export function preamble(names: MeterNames, runtime: string): string {
  const { meter, out, caught, raise, ceil, floor, primitive, trips } = names;
  return [
    `const { meter: ${meter}, outOfFuel: ${out}, caught: ${caught} } = ${runtime};`,
    `const ${raise} = () => { throw ${out}; };`,
    `const { ceil: ${ceil}, floor: ${floor} } = Math;`,
    `const ${primitive} = ((number) => (value) => {
  if (typeof value === "bigint") return value;
  if (value !== null && (typeof value === "object" || typeof value === "function")) value = -(-value);
  return typeof value === "bigint" ? value : number(value);
})(Number);`,
    `const ${trips} = ((number) => (from, to) => {
  const distance = number(to) - number(from);
  return distance > 0 && !(number(from) >= -9007199254740992 && number(to) <= 9007199254740992) ? 1e18 : distance;
})(Number);`,
  ].join("\n");
}
