import { mapReduce, param, range } from "sparegrid";

/** No data, only a count: the sum of dice, thrown so many times. */
export default mapReduce({
  title: "Throw dice",
  input: range(),
  params: {
    dice: param.integer(2, { min: 1, max: 20, title: "Dice" }),
    sides: param.integer(6, { min: 2, max: 100, title: "Sides" }),
  },
  // random() is seeded: every machine throws the same.
  map(_throw, emit, { params, random }) {
    let sum = 0;
    for (let die = 0; die < params.dice; die++)
      sum += 1 + Math.floor(random() * params.sides);
    emit(String(sum).padStart(2, "0"), 1);
  },
  reduce: (_sum, counts) =>
    counts.reduce((total, count) => total + count, 0),
  combine: true,
  example: { input: 1000 },
});
