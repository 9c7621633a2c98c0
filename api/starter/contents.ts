/** What a new installation has on its market. Files are of functions/ and functions/data. */
export interface StarterFunction {
  name: string;
  tags: readonly string[];
  files?: readonly string[];
}

export interface StarterDataset {
  name: string;
  format: "text" | "lines" | "matrix";
  file: string;
  /** Query parameters of the upload besides name and format. */
  options?: Readonly<Record<string, string>>;
}

export const starterFunctions: readonly StarterFunction[] = [
  { name: "word-count", tags: ["text", "map-reduce"] },
  { name: "grep", tags: ["text"] },
  { name: "inverted-index", tags: ["text", "map-reduce"] },
  { name: "csv-group-by", tags: ["tables", "map-reduce"] },
  { name: "monte-carlo-pi", tags: ["simulation", "range"] },
  { name: "mandelbrot", tags: ["pictures", "range"], files: ["lib/png.ts"] },
  { name: "k-means", tags: ["machine-learning", "iterative"] },
  { name: "logistic-regression", tags: ["machine-learning", "iterative"] },
  { name: "page-rank", tags: ["graphs", "iterative"] },
  { name: "mlp-digits", tags: ["machine-learning", "iterative"] },
  { name: "digits-predict", tags: ["machine-learning"] },
];

export const starterDatasets: readonly StarterDataset[] = [
  { name: "moby-dick", format: "lines", file: "moby-dick.txt.gz" },
  { name: "digits", format: "matrix", file: "digits.csv.gz" },
];
