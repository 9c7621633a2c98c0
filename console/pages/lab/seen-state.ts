/** What can be drawn of a model as it is trained, by the shape of its result. Pure. */
export type Seen =
  | { type: "layers"; inputs: number; units: number; weights: readonly number[] }
  | { type: "centres"; centres: readonly (readonly number[])[]; counts: readonly number[] }
  | { type: "other" };

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => typeof one === "number");

export function seen(value: unknown): Seen {
  if (typeof value !== "object" || value === null) return { type: "other" };
  const { layers, centres, counts } = value as Record<string, unknown>;
  if (Array.isArray(layers)) {
    const { inputs, outputs, weights } = (layers[0] ?? {}) as Record<string, unknown>;
    if (typeof inputs === "number" && typeof outputs === "number" && isNumbers(weights))
      return { type: "layers", inputs, units: outputs, weights };
  }
  if (Array.isArray(centres) && centres.every(isNumbers))
    return { type: "centres", centres, counts: isNumbers(counts) ? counts : [] };
  return { type: "other" };
}
