import fc from "fast-check";
import { expect, test } from "vitest";
import { settledIn } from "./ledger/holdings.ts";
import { MoneyHistory, type Step, verbs } from "./testing/money/history.ts";
import { MoneyWorld } from "./testing/money/world.ts";

/** SEED=… repeats all histories of a run. */
const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const histories = 2_000;
/** One after the other on one database, each with accounts of its own: opening files takes most of the time. */
const historiesPerWorld = 50;

const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom(...verbs),
  who: fc.nat({ max: 2 }),
  which: fc.nat({ max: 6 }),
  micro: fc.integer({ min: 1, max: 1_500_000 }),
  dice: fc.nat({ max: 99 }),
  dies: fc.oneof({ weight: 7, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 6 })),
  death: fc.oneof(
    { weight: 5, arbitrary: fc.constant("alone" as const) },
    fc.constant("with-its-store" as const),
  ),
});

let world: MoneyWorld | undefined;
let played = 0;
/** A test of nothing would pass as well. */
const mustBeSeen = [
  "jobs paid",
  "owed",
  "views paid",
  "payouts paid",
  "payouts rejected",
  "refused",
  "died alone",
  "died with-its-store",
  "died between store and ledger",
];
const seen = new Map<string, number>();

async function play(steps: readonly Step[]): Promise<void> {
  world ??= await MoneyWorld.open();
  const history = new MoneyHistory(world, String(played++), world.shared);
  try {
    await history.begin();
    for (const one of steps) await history.step(one);
    await history.end();
    world.shared = history.shared;
    for (const [what, times] of Object.entries(history.seen))
      seen.set(what, (seen.get(what) ?? 0) + times);
    if (played % historiesPerWorld === 0) await closeWorld();
  } catch (error) {
    // What it left is no ground for others.
    const broken = world;
    world = undefined;
    await broken.close();
    throw new Error(`${String(error)}\n  ${history.told.join("\n  ")}`, { cause: error });
  }
}

async function closeWorld(): Promise<void> {
  expect(world!.life.ledger.verify({ settledIn }).violation).toBeUndefined();
  await world!.close();
  world = undefined;
}

test(`in ${histories} random histories credits move as a plain model says, whatever dies (SEED=${seed})`, {
  timeout: 600_000,
}, async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 3, maxLength: 13, size: "max" }),
    play,
  );
  await fc.assert(property, { seed, numRuns: histories, endOnFailure: false });
  if (world) await closeWorld();
  for (const what of mustBeSeen) expect(seen.get(what) ?? 0, what).toBeGreaterThan(histories / 100);
});
