import { lines, map } from "sparegrid";

/** A record as tiny as they get, over a dataset of lines. */
export default map({
  title: "Line length (benchmark)",
  input: lines(),
  map: (line) => line.length,
});
