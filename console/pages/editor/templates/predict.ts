import { constant, map, ndjson } from "sparegrid";

/** As “Fit a line” gives it; any JSON result of a job will do. */
interface Line {
  a: number;
  b: number;
}

/** A trained model over many records. */
export default map({
  title: "Predict with a line",
  input: ndjson<{ x: number }>(),
  // The caller binds it to a job's result, a dataset or JSON.
  uses: {
    line: constant<Line>({
      description: "A result of a line that was fitted",
    }),
  },
  map: ({ x }, { uses: { line } }) => ({ x, y: line.a + line.b * x }),
  example: {
    input: [{ x: 1 }, { x: 2 }, { x: 3 }],
    uses: { line: { a: 1, b: 2 } },
  },
});
