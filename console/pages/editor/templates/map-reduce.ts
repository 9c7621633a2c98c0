import { lines, mapReduce } from "sparegrid";

/** Records to keys, keys to values: how often each word is there. */
export default mapReduce({
  title: "Count words",
  input: lines(),
  // Emit as many pairs of a key and a value as you like.
  map(line, emit) {
    for (const word of line.toLowerCase().match(/\p{L}+/gu) ?? [])
      emit(word, 1);
  },
  // Gets all values of one key. The result is sorted by key.
  reduce: (_word, counts) =>
    counts.reduce((sum, count) => sum + count, 0),
  // Adding is associative: each task adds up its own counts first.
  combine: true,
  example: {
    input: [
      "the quick brown fox",
      "jumps over the lazy dog",
      "and the dog barks at the fox",
    ],
  },
});
