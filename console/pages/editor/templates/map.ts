import { lines, map, param } from "sparegrid";

/** Each line by itself: one output a record, in the same order. */
export default map({
  title: "Measure lines",
  input: lines(),
  // What a caller may set, with its default. Forms are made from this.
  params: {
    long: param.integer(7, {
      min: 1,
      title: "A long word has",
      description: "letters, or more",
    }),
  },
  map(line, { params }) {
    const words = line.match(/\p{L}+/gu) ?? [];
    const long = words.filter((word) => word.length >= params.long);
    return {
      words: words.length,
      long: long.length,
      longest: longestOf(words),
    };
  },
  // Shown to callers. Publishing runs it twice, to compare the answers.
  example: {
    input: [
      "Call me Ishmael.",
      "Some years ago, never mind how long precisely,",
    ],
  },
});

function longestOf(words: readonly string[]): string {
  return words.reduce(
    (longest, word) => (word.length > longest.length ? word : longest),
    "",
  );
}
