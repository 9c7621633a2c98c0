/**
 * Microcredits for 10^9 fuel of a version that nobody has measured yet: the middle one of the published functions'
 * (`node bench/rates.ts`). They differ by a factor of a thousand, because fuel counts what is written in a function and
 * not what built-ins do with long strings; so a version gets a rate of its own as soon as its work has been seen.
 */
export const baseRateMicro = 5_000_000;
