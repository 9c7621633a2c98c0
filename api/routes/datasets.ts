import { Readable } from "node:stream";
import { GridError } from "../../protocol/errors.ts";
import {
  datasetChangeSchema,
  datasetDetailSchema,
  datasetListQuerySchema,
  datasetPageSchema,
  datasetSchema,
  type UploadQuery,
  uploadQuerySchema,
} from "../../protocol/http-datasets.ts";
import type { Json } from "../../protocol/job.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import type { DatasetRow, Reading } from "../catalog/datasets.ts";
import { readRecords } from "../datasets/index.ts";
import type { Deps } from "../deps.ts";
import { datasetAdmission } from "../http/admit.ts";
import { bodyOf, readJson, readQuery } from "../http/body.ts";
import { type ApiContext, headerOf, idFor, principalOf } from "../http/context.ts";
import { fileOf, readContent } from "../http/dataset-content.ts";
import { datasetCreated, datasetOf } from "../http/dataset-view.ts";
import { inertHeaders } from "../http/inert.ts";
import { datasetFor, readManifest, recordDataset } from "../http/inputs.ts";
import { pageOf } from "../http/page.ts";
import { json, type Route } from "../http/route.ts";
import { viewerOf } from "../http/viewer.ts";
import type { IngestOptions } from "../ports.ts";

const previewRecords = 10;
const previewCharsMax = 2_000;
const tag = "Datasets";

export function datasetRoutes(deps: Deps): Route[] {
  const { catalog, names, ingest, uploads, gate, store, metrics } = deps;
  const { jobReader, quotas, clock, config } = deps;
  const shown = (row: DatasetRow) => datasetOf(row, names);

  function visible(c: ApiContext): DatasetRow {
    return datasetFor(catalog, principalOf(c), c.req.param("id")!);
  }

  /** @throws GridError not-found when it is private to someone else; forbidden when it may be seen, but not changed */
  function own(c: ApiContext): DatasetRow {
    const row = visible(c);
    if (row.owner === principalOf(c).account) return row;
    throw new GridError("forbidden", `Dataset ${row.id} is ${names.handleOf(row.owner)}'s.`, {
      hint: "Only its owner changes or deletes a dataset.",
    });
  }

  return [
    {
      operation: {
        method: "post",
        path: "/v1/datasets",
        id: "uploadDataset",
        tag,
        summary: "Upload a dataset",
        description:
          "The body is the data itself, streamed in constant memory and cut into shards at record boundaries. With an Idempotency-Key, an upload whose connection broke goes on from where the server is: see /v1/datasets/uploads/{key}.",
        auth: "member",
        scope: "datasets",
        idempotent: "stream",
        query: uploadQuerySchema,
        headers: { "Content-Encoding": "gzip or zstd, when the body is compressed" },
        body: { contentType: "application/octet-stream", description: "The data" },
        responses: { 201: { description: "Stored", schema: datasetSchema } },
      },
      async handle(c) {
        const query = readQuery(c, uploadQuerySchema);
        const id = idFor(c, "dataset", clock());
        const { account: owner } = principalOf(c);
        const options = ingestOptions(c, query);
        const stored = (body: Readable | AsyncIterable<Uint8Array>): Promise<DatasetRow> =>
          gate.storing(async () => {
            const { admitDataset, onProgress } = datasetAdmission(quotas, catalog, owner, id);
            const ingested = await ingest.ingest(body, { ...options, onProgress });
            const { name = id, visibility = "private" } = query;
            admitDataset(ingested.bytes);
            const about = { id, owner, visibility, name, job: null, createdAtMs: clock() };
            return recordDataset(catalog, ingested, about);
          });
        const body = bodyOf(c, config.datasetBytesMax);
        const key = headerOf(c, "idempotency-key");
        const begun = { account: owner, key: key!, totalBytes: options.expectedBytes };
        // Without a key nobody could name it to go on with it.
        const row =
          key === undefined
            ? await stored(body)
            : (await uploads.begin(begun, stored).receive(body))!;
        metrics.uploaded(row.bytes);
        return datasetCreated(row, names);
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/datasets",
        id: "listDatasets",
        tag,
        summary: "List your datasets, newest first",
        description:
          "visibility=public lists everyone's public ones. q: a part of the name, whatever its case. With all=true the operator sees what everyone has, though not into it.",
        auth: "member",
        scope: "datasets",
        query: datasetListQuerySchema,
        responses: { 200: { description: "A page", schema: datasetPageSchema } },
      },
      handle(c) {
        const query = readQuery(c, datasetListQuerySchema);
        const { cursor, limit, visibility, q, format } = query;
        const { account, all } = viewerOf(c, query.all);
        const page = { cursor, limit: limit + 1, text: q, format };
        const own = visibility === "public" ? { visibility } : { owner: account, visibility };
        const rows = catalog.datasets.list({ ...page, ...(all ? { all, visibility } : own) });
        return json(pageOf(rows, limit, (row) => row.id, shown));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/datasets/:id",
        id: "getDataset",
        tag,
        summary: "A dataset and its first records",
        auth: "member",
        scope: "datasets",
        responses: { 200: { description: "The dataset", schema: datasetDetailSchema } },
      },
      async handle(c) {
        const row = visible(c);
        const manifest = await readManifest(store.blobs, row.digest);
        const { columns, dtype, recordBytes } = manifest;
        const records = await readRecords(manifest, store.blobs, {
          offset: 0,
          limit: previewRecords,
        });
        return json({
          ...shown(row),
          ...(columns ? { columns } : {}),
          ...(dtype ? { dtype } : {}),
          ...(recordBytes ? { recordBytes } : {}),
          preview: records.map((record) => previewOf(record, manifest)),
        });
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/datasets/:id/content",
        id: "downloadDataset",
        tag,
        summary: "A dataset's data as one file",
        description:
          "As it was uploaded, but for line ends and what was left out. A matrix comes as CSV, whatever it was sent as.",
        auth: "member",
        scope: "datasets",
        responses: {
          200: {
            description: "The data",
            contentTypes: [
              "text/plain",
              "text/csv",
              "application/x-ndjson",
              "application/octet-stream",
            ],
          },
        },
      },
      async handle(c) {
        const row = visible(c);
        const manifest = await readManifest(store.blobs, row.digest);
        const { file, type } = fileOf(row.name, row.format);
        const body = Readable.from(readContent(manifest, store.blobs));
        return new Response(Readable.toWeb(body) as ReadableStream, {
          headers: {
            ...inertHeaders,
            "content-type": type,
            "content-disposition": `attachment; filename="${file}"`,
          },
        });
      },
    },
    {
      operation: {
        method: "patch",
        path: "/v1/datasets/:id",
        id: "changeDataset",
        tag,
        summary: "Say who may find and read a dataset",
        auth: "member",
        scope: "datasets",
        idempotent: "body",
        body: { schema: datasetChangeSchema },
        responses: { 200: { description: "The dataset", schema: datasetSchema } },
      },
      async handle(c) {
        const { id } = own(c);
        const { visibility } = await readJson(c, datasetChangeSchema);
        catalog.datasets.setVisibility(id, visibility);
        return json(shown(own(c)));
      },
    },
    {
      operation: {
        method: "delete",
        path: "/v1/datasets/:id",
        id: "deleteDataset",
        tag,
        summary: "Delete a dataset",
        description: "Shards that nobody else needs are removed later, within some hours.",
        auth: "member",
        scope: "datasets",
        idempotent: "body",
        responses: { 204: { description: "Deleted" } },
      },
      async handle(c) {
        const { id, owner } = own(c);
        if (catalog.datasets.readingJob(id) !== undefined) await jobReader.reconcile();
        const reading = catalog.datasets.readingJob(id);
        if (reading !== undefined) throw inUse(id, owner, reading);
        catalog.transaction(() => {
          catalog.datasets.remove(id);
          catalog.blobRefs.release(id);
        });
        return new Response(null, { status: 204 });
      },
    },
  ];
}

function ingestOptions(c: ApiContext, query: UploadQuery): IngestOptions {
  const { format, onBadRecord, encoding, columns, header, recordBytes } = query;
  const length = headerOf(c, "content-length");
  const contentEncoding = headerOf(c, "content-encoding");
  if (format !== "matrix" && (encoding !== undefined || columns !== undefined))
    throw new GridError("bad-request", '"encoding" and "columns" are for format=matrix.');
  if (format !== "bytes" && recordBytes !== undefined)
    throw new GridError("bad-request", '"recordBytes" is for format=bytes.');
  const matrix: IngestOptions["matrix"] = {
    encoding: encoding ?? "csv",
    ...(columns === undefined ? {} : { columns }),
    ...(header === undefined ? {} : { header: header === "auto" ? "auto" : header === "true" }),
  };
  return {
    format,
    onBadRecord,
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(format === "matrix" ? { matrix } : {}),
    ...(recordBytes === undefined ? {} : { recordBytes }),
    ...(length === undefined ? {} : { expectedBytes: Number(length) }),
  };
}

function inUse(id: string, owner: string, reading: Reading): GridError {
  if (reading.owner !== owner)
    return new GridError("dataset-in-use", `A job of someone else reads dataset ${id}.`, {
      hint: "Make it private, so that no other job begins to read it, and delete it later.",
    });
  return new GridError("dataset-in-use", `Job ${reading.job} reads dataset ${id}.`, {
    name: reading.job,
    hint: "Wait for the job to end, or cancel it.",
  });
}

/** csv rows become objects by column; long strings are cut. */
function previewOf(record: Json, { format, columns }: Manifest): Json {
  if (format === "csv" && columns && Array.isArray(record))
    return Object.fromEntries(columns.map((name, i) => [name, cut(record[i] ?? null)] as const));
  return cut(record);
}

function cut(value: Json): Json {
  return typeof value === "string" && value.length > previewCharsMax
    ? `${value.slice(0, previewCharsMax)}…`
    : value;
}
