import type { Counted } from "./counted.ts";
import type { MeterNames } from "./names.ts";

/**
 * The texts that metering inserts. None of them calls anything on the paths that run: a call in a hot loop, even on a
 * branch that is never taken, costs 2 to 4 times (FACTS.md), and so does a counter that lives in memory.
 *
 * A region is the outermost uncounted loop of a function and all in it; it counts in a local int32. There are two:
 *
 * - advance: pays `chunk` units beforehand, counts them off, refunds what is left where control leaves normally. An
 *   exception keeps the advance, so no exit goes unpaid and none needs a handler.
 * - settled: one loop without calls. Counts up to what fuel is left (at most 2^30) and settles in a `finally`.
 *
 * What lost, in tight loops (word scan, array sum, k-means with a helper, k-means with an early exit) against no
 * metering, where these give 1.13, 1.8, 1.04, 1.21:
 * - meter[0] itself, checked: 4.1, 7.1
 * - `++f`, which V8 checks for overflow: 1.4, 1.9; a double counter: 1.4, 2.0; counting down: 1.4, 2.0
 * - settled everywhere: 1.13, 1.8, 1.9, 1.56 (what is inlined into a `try` loses loop peeling)
 * - advance everywhere: 1.41, 2.5, 1.04, 1.21 (the refill is compiled in; a settled loop's never is)
 */
export interface Emit {
  /** One unit at a function's entry. */
  charge: string;
  /** The same where only an expression fits; ends with a comma. */
  chargeExpression: string;
  advance: RegionTexts;
  settled: RegionTexts;
  catchAll: string;
  /** The same around an async function's body: what is thrown here, by caught itself too, ends in a promise. */
  rejectAll: string;
  caught(error: string): string;
}

export interface RegionTexts {
  open: string;
  close: string;
  /** One unit of a loop. */
  tick: string;
  /** Before a statement that jumps out. */
  leave: string;
  /** The counter is above 0. */
  refill: string;
}

/**
 * Units paid in advance. It bounds what an exception overpays and how far below its limit a function can be stopped
 * (once per region at work); of 64, 256 and 1024, 256 is the least whose refills do not show.
 */
const chunk = 256;
/** A settled loop's budget: int32 and Smi, so that the counter stays in a register. */
const budgetMax = 2 ** 30;

export function createEmit(names: MeterNames): Emit {
  const { meter, out, count: f, start: g, error } = names;
  const budget = `${meter}[0]<-${budgetMax}?-${budgetMax}:${meter}[0]|0`;
  const advance = `{if((${meter}[0]+=${f}+${chunk})>0)throw ${out};${f}=-${chunk};}`;
  const settle = `{if((${meter}[0]+=${f}-${g})>0)throw ${out};${f}=${g}=${budget};}`;
  return {
    charge: take(names, "1"),
    chargeExpression: `++${meter}[0]>0&&${names.raise}(),`,
    advance: {
      open: `{let ${f}=-${chunk};${take(names, String(chunk))}`,
      close: `${meter}[0]+=${f};}`,
      tick: `if((${f}=${f}+1|0)>0)${advance}`,
      // The counter is emptied: a `finally` may yet turn the jump around.
      leave: `${meter}[0]+=${f};${f}=0;`,
      refill: advance,
    },
    settled: {
      open: `{let ${f}=${budget},${g}=${f};try{`,
      close: `}finally{${meter}[0]+=${f}-${g};}}`,
      tick: `if((${f}=${f}+1|0)>0)${settle}`,
      leave: "",
      refill: settle,
    },
    catchAll: `catch(${error}){${names.caught}(${error});throw ${error};}`,
    rejectAll: `catch(${error}){try{${names.caught}(${error});}catch(${names.start}){${meter}[0]=1e300;throw ${names.start};}throw ${error};}`,
    caught: (argument) => `${names.caught}(${argument});`,
  };
}

/**
 * Takes units from the meter. It is written on both paths, after the test: a loop behind `if ((meter[0] += n) > 0) throw`
 * was compiled to code that took twice as long (a sum over a column, V8 14.6), and one behind this is not.
 */
function take({ meter, out, value: v }: MeterNames, units: string): string {
  return `{const ${v}=${meter}[0]+${units};if(${v}>0){${meter}[0]=${v};throw ${out};}${meter}[0]=${v};}`;
}

/** A counted loop with the loops inside it whose trips are charged along with it. */
export interface Nest {
  counted: Counted;
  id: number;
  inner: Nest[];
}

/** Beyond this, `i + 1 === i`. */
const safe = String(2 ** 53);

/** Reads the bounds of a nest and computes its trips: statements that declare `bound` and `trip` names. */
export function readBounds(nest: Nest, source: string, names: MeterNames): string {
  const { counted, id } = nest;
  let text = "";
  if (constantTrips(counted) === undefined) {
    const n = `${names.bound}${id}`;
    const t = `${names.trip}${id}`;
    const i = counted.from === undefined ? counted.variable : `${counted.from}`;
    const rises = counted.operator.startsWith("<");
    const odd = [`typeof ${n}!=="number"`, rises ? `${n}>${safe}` : `${n}<-${safe}`];
    let settle = `${n}=${names.primitive}(${n});`;
    if (counted.from === undefined) {
      odd.push(`typeof ${i}!=="number"`, rises ? `${i}<-${safe}` : `${i}>${safe}`);
      settle = `${i}=${names.primitive}(${i});${settle}`;
    }
    const ends = rises ? `${i},${n}` : `${n},${i}`;
    // The space keeps `n - -1` from reading as a decrement.
    const distance = rises ? `${n}- ${i}` : `${i}- ${n}`;
    text =
      `let ${n}=${source.slice(counted.bound.start, counted.bound.end)},${t};` +
      `if(${odd.join("||")}){${settle}${t}=${names.trips}(${ends});}else ${t}=${distance};`;
  }
  return text + nest.inner.map((inner) => readBounds(inner, source, names)).join("");
}

/** Charges a whole nest at once, to the region's counter or to the meter. */
export function chargeNest(nest: Nest, names: MeterNames, region: RegionTexts | undefined): string {
  const constant = constantTrips(nest.counted);
  if (constant === 0) return "";
  const runs = constant === undefined ? runsAtAll(nest, names) : undefined;
  const units = unitsOf(nest, names);
  if (!region) return (runs === undefined ? "" : `if(${runs})`) + take(names, units);
  return `if(${runs === undefined ? "" : `${runs}&&`}(${names.count}+=${units})>0)${region.refill}`;
}

/** The name that stands for the bound in the loop's test, unless the test keeps its own. */
export function boundName(nest: Nest, names: MeterNames): string | undefined {
  const { counted, id } = nest;
  return counted.readsLength || counted.to !== undefined ? undefined : `${names.bound}${id}`;
}

function runsAtAll({ counted, id }: Nest, names: MeterNames): string {
  return `${names.trip}${id}>${counted.operator.endsWith("=") ? "=" : ""}0`;
}

function unitsOf(nest: Nest, names: MeterNames): string {
  const own = tripsOf(nest, names);
  const inner = nest.inner.flatMap((child) => {
    const constant = constantTrips(child.counted);
    if (constant === 0) return [];
    const units = unitsOf(child, names);
    return [constant === undefined ? `(${runsAtAll(child, names)}?${units}:0)` : units];
  });
  return inner.length === 0 ? own : `(${own})*(1+${inner.join("+")})`;
}

function tripsOf({ counted, id }: Nest, names: MeterNames): string {
  const constant = constantTrips(counted);
  if (constant !== undefined) return String(constant);
  const distance = `${names.trip}${id}${counted.step === 1 ? "" : `/${counted.step}`}`;
  return counted.operator.endsWith("=")
    ? `${names.floor}(${distance})+1`
    : `${names.ceil}(${distance})`;
}

function constantTrips({ from, to, step, operator }: Counted): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  const distance = (operator.startsWith("<") ? to - from : from - to) / step;
  if (operator.endsWith("=")) return distance >= 0 ? Math.floor(distance) + 1 : 0;
  return distance > 0 ? Math.ceil(distance) : 0;
}
