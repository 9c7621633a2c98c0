import { lines, mapReduce, param } from "sparegrid";

/** For each word the lines it occurs in: a search engine's index (a large key space, hash-partitioned). */
export default mapReduce({
  title: "Inverted index",
  description: "For each word, the numbers (0-based) of the lines in which it occurs, ascending.",
  input: lines(),
  params: {
    minLength: param.integer(1, { min: 1, title: "Shortest word", description: "In characters" }),
  },
  map(line, emit, { params, record }) {
    const seen = new Set<string>();
    for (const word of line.toLowerCase().match(/\p{L}+/gu) ?? []) {
      if (word.length < params.minLength || seen.has(word)) continue;
      seen.add(word);
      emit(word, record);
    }
  },
  reduce: (_word: string, records: number[]) => records.sort((a, b) => a - b),
  example: { input: ["to be", "or not", "to be"] },
});
