import { lines, mapReduce, param } from "sparegrid";

/** The hello world of map/reduce (Dean & Ghemawat, OSDI 2004). */
export default mapReduce({
  title: "Word count",
  description: "How often each word occurs. Words are runs of letters, in lower case.",
  input: lines(),
  params: {
    letters: param.choice(["unicode", "ascii"], {
      title: "Letters",
      description:
        "unicode: every script's letters; ascii: a to z, everything else separates words",
    }),
  },
  map(line, emit, { params }) {
    const pattern = params.letters === "ascii" ? /[a-z]+/g : /\p{L}+/gu;
    for (const word of line.toLowerCase().match(pattern) ?? []) emit(word, 1);
  },
  reduce(_word, counts) {
    let sum = 0;
    for (let i = 0; i < counts.length; i++) sum += counts[i]!;
    return sum;
  },
  combine: true,
  example: { input: ["the quick brown fox", "jumps over the lazy dog"] },
});
