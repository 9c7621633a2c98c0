/** Apart from the manifest's schema: the SDK's types need it, and are read where there is no schema library. */
export const datasetFormats = ["lines", "text", "csv", "ndjson", "matrix", "bytes"] as const;
export type DatasetFormat = (typeof datasetFormats)[number];
