import { iterate, range } from "sparegrid";

/** Nothing but the round itself: 16 tasks, a merge, a step. Submit with input 16 and recordsPerTask 1. */
export default iterate({
  title: "Empty round (benchmark)",
  input: range(),
  params: { rounds: 200 },
  init: () => ({ total: 0 }),
  map: () => 1,
  merge: (a, b) => a + b,
  step: (_state, total, { round, params }) => ({ state: { total }, done: round >= params.rounds }),
});
