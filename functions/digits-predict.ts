import { constant, map, matrix } from "sparegrid";

/** What mlp-digits results in. Rectified units between layers, softmax after the last. */
interface Model {
  scale: number;
  layers: {
    inputs: number;
    outputs: number;
    /** weights[input × outputs + output] */
    weights: readonly number[];
    biases: readonly number[];
  }[];
}

/** Recognises digits with a trained network: train with mlp-digits, then bind its job as `model`. */
export default map({
  title: "Digits, recognised",
  description: "The digit in each row of 64 grey levels, and how likely each digit is.",
  input: matrix(),
  uses: { model: constant<Model>({ description: "A result of mlp-digits" }) },
  map(row, { uses: { model } }) {
    let values = new Float64Array(model.layers[0]!.inputs);
    // A row may hold more than the model takes, for instance a label.
    if (row.length < values.length)
      throw new Error(`a row has ${row.length} values, the model takes ${values.length}`);
    for (let i = 0; i < values.length; i++) values[i] = row[i]! / model.scale;
    for (let l = 0; l < model.layers.length; l++) {
      const { inputs, outputs, weights, biases } = model.layers[l]!;
      const next = new Float64Array(outputs);
      for (let o = 0; o < outputs; o++) next[o] = biases[o]!;
      for (let i = 0; i < inputs; i++) {
        const value = values[i]!;
        if (value === 0 || (l > 0 && value < 0)) continue;
        const from = i * outputs;
        for (let o = 0; o < outputs; o++) next[o]! += value * weights[from + o]!;
      }
      values = next;
    }
    let digit = 0;
    for (let c = 1; c < values.length; c++) if (values[c]! > values[digit]!) digit = c;
    const top = values[digit]!;
    let sum = 0;
    for (let c = 0; c < values.length; c++) {
      values[c] = Math.exp(values[c]! - top);
      sum += values[c]!;
    }
    const probabilities: number[] = [];
    for (let c = 0; c < values.length; c++) probabilities.push(values[c]! / sum);
    return { digit, probabilities };
  },
  example: {
    input: [
      [1, 0],
      [0, 1],
    ],
    uses: {
      model: {
        scale: 1,
        layers: [{ inputs: 2, outputs: 2, weights: [1, 0, 0, 1], biases: [0, 0] }],
      },
    },
  },
});
