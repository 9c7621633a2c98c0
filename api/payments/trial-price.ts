import type { TriedPrice } from "../../protocol/http-try.ts";
import { creditsOf } from "../../protocol/money.ts";
import { fitOf, type Range, rangeOf } from "./estimate/fit.ts";
import { costOf, type Terms } from "./split.ts";
import { percentOf } from "./view.ts";

/**
 * What others would pay to run a function, by one run of it. Fuel is taken to grow with the records, which is right for
 * most functions; a sample that was all there is is exact.
 * @param datasetRecords of the dataset that the sample is of
 */
export function trialPrice(
  { fuel, records }: { fuel: number; records: number },
  datasetRecords: number | undefined,
  terms: Terms,
): TriedPrice {
  const cost = (amount: number) => creditsOf(costOf(Math.ceil(amount), terms));
  const perRecord = fuel / Math.max(records, 1);
  const rangeFor = (all: number): Range =>
    all === records
      ? { low: fuel, expected: fuel, high: fuel }
      : rangeOf(fitOf([{ records: Math.max(records, 1), fuel, rounds: 1 }], undefined), all);
  const whole = datasetRecords === undefined ? undefined : rangeFor(datasetRecords);
  return {
    rate: creditsOf(terms.rateMicro),
    feePercent: percentOf(terms.feeBasisPoints),
    run: cost(fuel),
    perMillionRecords: cost(perRecord * 1e6),
    ...(whole === undefined || datasetRecords === undefined
      ? {}
      : {
          dataset: {
            records: datasetRecords,
            cost: {
              low: cost(whole.low),
              expected: cost(whole.expected),
              high: cost(whole.high),
            },
          },
        }),
  };
}
