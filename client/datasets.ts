import {
  type Dataset,
  type DatasetChange,
  type DatasetDetail,
  datasetDetailSchema,
  datasetPageSchema,
  datasetSchema,
  type Visibility,
} from "../protocol/http.ts";
import type { Abortable, AsOperator } from "./jobs.ts";
import { paged } from "./paged.ts";
import type { Transport } from "./transport.ts";
import { type UploadOptions, type UploadSource, uploadDataset } from "./upload.ts";

/** Datasets: upload in constant memory, inspect, delete. Throws GridError, ConnectionError, the signal's reason. */
export class DatasetsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Streams data up; a string is a file's path. Files, Blobs and bytes go on from where the server is when
   * the connection is lost; a stream can be read only once, so its loss is the caller's.
   * @throws GridError malformed-record (details.line), record-too-large, empty-dataset, upload-incomplete, …
   */
  upload(source: UploadSource, options: UploadOptions): Promise<Dataset> {
    return uploadDataset(this.#transport, source, options);
  }

  /** With a preview of the first records. */
  get(id: string, options: Abortable = {}): Promise<DatasetDetail> {
    return this.#transport.json({ path: pathOf(id), ...options }, datasetDetailSchema);
  }

  /** One's own datasets, newest first; with visibility "public" everyone's public ones. */
  list(
    options: AsOperator & { limit?: number; visibility?: Visibility } = {},
  ): AsyncGenerator<Dataset, void, undefined> {
    const { signal, all, ...filter } = options;
    const query = { ...filter, ...(all ? { all: "true" } : {}) };
    return paged((cursor) =>
      this.#transport.json(
        { path: "/v1/datasets", query: { ...query, cursor }, signal },
        datasetPageSchema,
      ),
    );
  }

  /** Says who may find and read it. */
  change(id: string, change: DatasetChange, options: Abortable = {}): Promise<Dataset> {
    return this.#transport.json(
      { method: "PATCH", path: pathOf(id), json: change, ...options },
      datasetSchema,
    );
  }

  /** @throws GridError dataset-in-use, not-found */
  async delete(id: string, options: Abortable = {}): Promise<void> {
    await this.#transport.send({ method: "DELETE", path: pathOf(id), ...options }, (response) =>
      response.text(),
    );
  }
}

function pathOf(id: string): string {
  return `/v1/datasets/${encodeURIComponent(id)}`;
}
