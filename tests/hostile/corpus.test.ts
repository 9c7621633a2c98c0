import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostileCase } from "./case.ts";
import { endless } from "./corpus/endless.ts";
import { escapes } from "./corpus/escapes.ts";
import { memory } from "./corpus/memory.ts";
import { nondeterminism } from "./corpus/nondeterminism.ts";
import { reach } from "./corpus/reach.ts";
import { tampering } from "./corpus/tampering.ts";
import { Harness, normalResult, type Result } from "./harness.ts";

/** In the environment of this process; no guest may ever say it. */
const secret = "SPAREGRID_TEST_SECRET_93b1";

let harness: Harness;
/** What a normal job sees before any attack. */
let untouched: Result;

beforeAll(async () => {
  process.env.SPAREGRID_TEST_SECRET = secret;
  harness = new Harness();
  await harness.open();
  untouched = await harness.normalJob();
  expect(untouched).toMatchObject(normalResult(0));
});

afterAll(async () => {
  expect(harness.connections).toBe(0);
  delete process.env.SPAREGRID_TEST_SECRET;
  await harness.close();
});

const groups = { escapes, memory, endless, tampering, nondeterminism, reach };
const count = Object.values(groups).flat().length;

describe.each(Object.entries(groups))(`hostile programs (of ${count}): %s`, (_, cases) => {
  it.each(cases.map((each) => [each.name, each] as const))("%s", async (_name, each) => {
    const result = await harness.attack(each);
    if (process.env.HOSTILE_SHOW) console.log(each.name, JSON.stringify(result).slice(0, 300));
    expect(JSON.stringify(result)).not.toContain(secret);
    expectOutcome(result, each.outcome);
    // The machine is as before: the same pool runs somebody else's job, with the right result.
    expect(await harness.normalJob()).toEqual(untouched);
    expect(harness.connections).toBe(0);
  });
});

function expectOutcome(result: Result, outcome: HostileCase["outcome"]): void {
  if ("gives" in outcome) {
    expect(result).toMatchObject({ gives: outcome.gives });
    return;
  }
  const kind = "refused" in outcome ? "refused" : "fails";
  const codes = "refused" in outcome ? outcome.refused : outcome.fails;
  expect(result).toHaveProperty(kind);
  expect([codes].flat()).toContain((result as Record<string, unknown>)[kind]);
  if ("message" in outcome)
    expect(result).toHaveProperty("message", expect.stringContaining(outcome.message!));
  if ("hint" in outcome)
    expect(result).toHaveProperty("hint", expect.stringContaining(outcome.hint!));
}
