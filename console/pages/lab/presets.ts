/** What the lab can be set up for with one press. */
export interface Preset {
  id: "digits" | "clusters" | "own";
  title: string;
  about: string;
  /** The function to train, and the name of the public dataset to train it on. */
  function?: string;
  dataset?: string;
  /** What differs from the function's defaults. */
  params: Readonly<Record<string, unknown>>;
  /** Parameters that only the beginning reads: they cannot be changed while it runs. */
  fixed: readonly string[];
  /** Rounds a second, where one wants to see each. */
  pace?: number;
}

export const presets: readonly Preset[] = [
  {
    id: "digits",
    title: "Digits",
    about: "Train a neural network on hand-written digits, and draw one while it learns.",
    function: "operator/mlp-digits",
    dataset: "digits",
    params: { rounds: 5_000, rate: 0.005, hidden: 32 },
    fixed: ["hidden", "classes"],
  },
  {
    id: "clusters",
    title: "Clusters",
    about:
      "k-means over points in the plane: watch its centres move, and change how many there are.",
    function: "operator/k-means",
    params: { k: 5, rounds: 10_000, tolerance: -1 },
    fixed: ["init", "skipLast", "scale"],
    pace: 4,
  },
  {
    id: "own",
    title: "Your own",
    about: "Any iterative function over any matrix that you may read.",
    params: {},
    fixed: [],
  },
];

/** The function that answers what is drawn. */
export const predictFunction = "operator/digits-predict";
