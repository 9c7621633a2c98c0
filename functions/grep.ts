import { lines, mapReduce, param } from "sparegrid";

/** Lines that match, keyed by their number (1-based, padded with zeros so that keys sort as numbers do). */
export default mapReduce({
  title: "Grep",
  description: "The lines that match a regular expression, with their numbers.",
  input: lines(),
  params: {
    pattern: param.string("", { title: "Pattern", description: "A JavaScript regular expression" }),
    flags: param.string("", { title: "Flags", description: "For instance i: ignore case", max: 8 }),
    invert: param.boolean(false, { title: "Lines that do not match" }),
  },
  map(line, emit: (number: string, line: string) => void, { params, record }) {
    // V8 keeps compiled patterns, so a new object a line costs little, and none carries state to the next.
    if (new RegExp(params.pattern, params.flags).test(line) !== params.invert)
      emit(String(record + 1).padStart(12, "0"), line);
  },
  reduce: (_number, found) => found[0]!,
  example: { input: ["a cat", "a dog", "no Catalogue"], params: { pattern: "cat", flags: "i" } },
});
