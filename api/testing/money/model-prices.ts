/** The published rules of what work costs, once more and in the plainest way, for the model. */

export interface ModelTerms {
  rateMicro: number;
  bidHundredths: number;
  royaltyBasisPoints: number;
  feeBasisPoints: number;
}

export interface Amounts {
  work: number;
  royalty: number;
  fee: number;
}

/** Of all the fuel of one earner since the job began; each share is rounded down. */
export function amountsOf(fuel: number, terms: ModelTerms): Amounts {
  const work =
    (BigInt(fuel) * BigInt(terms.rateMicro) * BigInt(terms.bidHundredths)) / 100_000_000_000n;
  const share = (points: number) => Number((work * BigInt(points)) / 10_000n);
  return {
    work: Number(work),
    royalty: share(terms.royaltyBasisPoints),
    fee: share(terms.feeBasisPoints),
  };
}

export function totalOf({ work, royalty, fee }: Amounts): number {
  return work + royalty + fee;
}

export interface Shared {
  /** The fuel that each earner is paid for in all, of those who are paid something. */
  reached: Record<string, number>;
  owed: number;
}

/**
 * What a hold pays of what was earned: all of it, or to everyone the same share of the fuel that is unpaid. Where rounding
 * makes such shares dearer than the hold, they are made smaller by what it lacks.
 */
export function sharedOut(
  earned: Readonly<Record<string, number>>,
  paid: Readonly<Record<string, number>>,
  terms: ModelTerms,
  hold: number,
): Shared {
  const costTo = (earner: string, fuel: number) =>
    totalOf(amountsOf(fuel, terms)) - totalOf(amountsOf(paid[earner] ?? 0, terms));
  const costOf = (reached: Record<string, number>) =>
    Object.entries(reached).reduce((sum, [earner, fuel]) => sum + costTo(earner, fuel), 0);
  const whole = Object.fromEntries(
    Object.entries(earned).filter(([earner, fuel]) => costTo(earner, fuel) > 0),
  );
  const wholeCost = costOf(whole);
  for (let budget = hold; wholeCost > hold && budget > 0; ) {
    const part: Record<string, number> = {};
    for (const [earner, fuel] of Object.entries(earned)) {
      const before = paid[earner] ?? 0;
      const more = (BigInt(fuel - before) * BigInt(budget)) / BigInt(wholeCost);
      if (costTo(earner, before + Number(more)) > 0) part[earner] = before + Number(more);
    }
    const cost = costOf(part);
    if (cost <= hold) return { reached: part, owed: wholeCost - cost };
    budget -= cost - hold;
  }
  return wholeCost > hold ? { reached: {}, owed: wholeCost } : { reached: whole, owed: 0 };
}
