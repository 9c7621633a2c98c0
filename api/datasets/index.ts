export { createDatasetIngest, type DatasetIngestDependencies } from "./ingest.ts";
export { type InlineDataset, inlineDataset } from "./inline-dataset.ts";
export { decodeRecords, readRecords } from "./read-records.ts";
export { UploadSessions } from "./upload-sessions.ts";
