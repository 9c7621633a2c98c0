import type { Description } from "../../protocol/guest.ts";

/** What publishing finds out about the simplest function, for tests that care about other things. */
export const identity: Description = {
  kind: "map",
  title: "Identity",
  input: { type: "items" },
  params: {},
  uses: {},
  combine: false,
  finish: false,
  output: { type: "json", contentType: "application/json" },
  example: false,
};
