import { items, map } from "sparegrid";

/** A cheap task that says a few things: many of them are many events. */
export default map({
  title: "Talkative (benchmark)",
  input: items<number>(),
  map(value) {
    let sum = 0;
    for (let step = 0; step < 200_000; step++) sum = (sum + step * value) % 1_000_003;
    for (const said of [
      "has begun",
      "is at it",
      "is half way",
      "is nearly there",
      `comes to ${sum}`,
      "is done",
    ])
      console.log(`task ${value} ${said}`);
    return sum;
  },
});
