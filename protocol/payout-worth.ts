/** Minor units for one credit are kept as whole millionths. */
export const millionths = 1_000_000;

export interface Worth {
  /** Whole minor units of the currency. */
  grossMinor: number;
  feeMinor: number;
  amountMinor: number;
}

/** Of a rate. */
export interface WorthTerms {
  minorMillionthsPerCredit: number;
  feeMinor: number;
}

/**
 * What credits are worth, as it is published: gross = floor(credits × rate), amount = gross − fee. In whole numbers of
 * any size: microcredits × millionths of a minor unit pass 2^53.
 */
export function worthOf(micro: number, terms: WorthTerms): Worth {
  const product = BigInt(micro) * BigInt(terms.minorMillionthsPerCredit);
  const grossMinor = Number(product / 1_000_000_000_000n);
  return { grossMinor, feeMinor: terms.feeMinor, amountMinor: grossMinor - terms.feeMinor };
}
