import { csv, type Emit, mapReduce, param } from "sparegrid";

/** Count, sum, minimum and maximum of some numbers. */
type Tally = readonly [count: number, sum: number, min: number, max: number];

/** SELECT key, count(value), sum(value), avg(value), min(value), max(value) … GROUP BY key. */
export default mapReduce({
  title: "CSV group by",
  description: "Count, sum, mean, minimum and maximum of a column for each value of another one.",
  input: csv(),
  params: {
    key: param.string("key", { title: "Column to group by" }),
    value: param.string("value", {
      title: "Column of numbers",
      description: "Rows where it is empty are left out",
    }),
  },
  map(row, emit: Emit<Tally>, { params }) {
    const key = row[params.key];
    const text = row[params.value];
    if (key === undefined) throw new Error(`there is no column “${params.key}”`);
    if (text === undefined) throw new Error(`there is no column “${params.value}”`);
    if (text.trim() === "") return;
    const value = Number(text);
    if (Number.isNaN(value)) throw new Error(`“${text}” in ${params.value} is not a number`);
    emit(key, [1, value, value, value]);
  },
  combine: (_key: string, tallies: Tally[]) => fold(tallies),
  reduce(_key: string, tallies: Tally[]) {
    const [count, sum, min, max] = fold(tallies);
    return { count, sum, mean: sum / count, min, max };
  },
  example: {
    input: [
      { city: "Bern", sales: "3" },
      { city: "Basel", sales: "4" },
      { city: "Bern", sales: "5" },
    ],
    params: { key: "city", value: "sales" },
  },
});

function fold(tallies: readonly Tally[]): Tally {
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < tallies.length; i++) {
    const tally = tallies[i]!;
    count += tally[0];
    sum += tally[1];
    if (tally[2] < min) min = tally[2];
    if (tally[3] > max) max = tally[3];
  }
  return [count, sum, min, max];
}
