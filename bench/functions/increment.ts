import { items, map } from "sparegrid";

/** A task as tiny as they get. */
export default map({
  title: "Increment (benchmark)",
  input: items<number>(),
  map: (value) => value + 1,
});
