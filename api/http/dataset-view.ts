import type { Dataset } from "../../protocol/http-datasets.ts";
import type { DatasetRow } from "../catalog/datasets.ts";
import type { FunctionNames } from "./function-names.ts";
import { json } from "./route.ts";

/** What the API shows of a dataset. */
export function datasetOf(row: DatasetRow, names: FunctionNames): Dataset {
  const { id, name, visibility, format, bytes, records, shards, digest, skipped } = row;
  return {
    ...{ id, name, owner: names.handleOf(row.owner), visibility },
    ...{ format, bytes, records, shards, digest, skipped },
    createdAt: new Date(row.createdAtMs).toISOString(),
  };
}

export function datasetCreated(row: DatasetRow, names: FunctionNames): Response {
  return json(datasetOf(row, names), 201, { location: `/v1/datasets/${row.id}` });
}
