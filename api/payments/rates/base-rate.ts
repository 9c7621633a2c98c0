/**
 * Microcredits for 10^9 fuel of a version that nobody has measured yet: what published functions that compute with
 * numbers take (`node bench/rates.ts`: 2.1 to 5.6 credits on a busy 2-core machine). Fuel counts what is written in a
 * function, not what built-ins do with long strings, so functions on text take up to a thousand times as long for the same
 * fuel. A version gets a rate of its own as soon as some of its work was seen; until then it has this, the lower one: a
 * first job that pays too little costs its providers that job alone, one that pays too much its consumer the budget.
 */
export const baseRateMicro = 4_000_000;
