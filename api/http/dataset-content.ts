import { GridError } from "../../protocol/errors.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import { decodeRecords } from "../datasets/index.ts";
import type { BlobStore } from "../store/port.ts";
import { csvRow } from "./csv.ts";

/**
 * A dataset as one file, a shard at a time: text as it was, lines ended by "\n", csv with its header, a matrix as CSV
 * (with a header when its columns have names), bytes as they are.
 * @throws GridError blob-missing
 */
export async function* readContent(
  manifest: Manifest,
  blobs: Pick<BlobStore, "get">,
): AsyncGenerator<Buffer, void, undefined> {
  const { format, columns } = manifest;
  if (columns !== undefined && (format === "csv" || format === "matrix"))
    yield Buffer.from(csvRow(columns));
  for (const { digest, records } of manifest.shards) {
    const blob = await blobs.get(digest);
    if (blob === undefined) throw new GridError("blob-missing", `Shard ${digest} is missing`);
    switch (format) {
      case "text":
      case "bytes":
        yield blob;
        break;
      case "matrix": {
        const rows = decodeRecords(manifest, blob, records) as (number | null)[][];
        yield Buffer.from(rows.map(csvRow).join(""));
        break;
      }
      default:
        yield blob;
        yield newline;
    }
  }
}

const newline = Buffer.from("\n");

/** The name and the type under which that file is saved. Pure. */
export function fileOf(name: string, format: Manifest["format"]): { file: string; type: string } {
  const [extension, type] = kinds[format];
  const stem = name.replaceAll(/[^\w.-]+/g, "-").replace(/^[-.]+/, "") || "dataset";
  const file = stem.toLowerCase().endsWith(`.${extension}`) ? stem : `${stem}.${extension}`;
  return { file, type };
}

const kinds: Record<Manifest["format"], [extension: string, type: string]> = {
  lines: ["txt", "text/plain; charset=utf-8"],
  text: ["txt", "text/plain; charset=utf-8"],
  csv: ["csv", "text/csv; charset=utf-8"],
  ndjson: ["ndjson", "application/x-ndjson"],
  matrix: ["csv", "text/csv; charset=utf-8"],
  bytes: ["bin", "application/octet-stream"],
};
