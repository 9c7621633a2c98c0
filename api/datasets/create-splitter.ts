import { GridError } from "../../protocol/errors.ts";
import { recordBytesMax } from "../../protocol/limits.ts";
import type { IngestOptions } from "../ports.ts";
import { CsvSplitter } from "./csv-splitter.ts";
import { FixedSplitter } from "./fixed-splitter.ts";
import { LineSplitter } from "./line-splitter.ts";
import { MatrixSplitter } from "./matrix-splitter.ts";
import type { Splitter } from "./splitter.ts";

/** @throws GridError bad-request when the format's own options make no sense */
export function createSplitter(options: IngestOptions): Splitter {
  const { format, onBadRecord } = options;
  switch (format) {
    case "lines":
    case "text":
    case "ndjson":
      return new LineSplitter(format, onBadRecord);
    case "csv":
      return new CsvSplitter(onBadRecord);
    case "bytes": {
      const { recordBytes } = options;
      if (recordBytes === undefined) return new FixedSplitter(undefined, {}, onBadRecord);
      checkRecordBytes(recordBytes, "recordBytes");
      return new FixedSplitter(recordBytes, { recordBytes }, onBadRecord);
    }
    case "matrix": {
      const { encoding = "csv", columns, header = "auto" } = options.matrix ?? {};
      if (encoding === "csv") return new MatrixSplitter(header, onBadRecord);
      if (columns === undefined)
        throw new GridError("bad-request", "Raw numbers need `columns`, the width of a row", {
          param: "columns",
        });
      const rowBytes = columns * (encoding === "f64" ? 8 : 4);
      checkRecordBytes(rowBytes, "columns");
      return new FixedSplitter(rowBytes, { dtype: encoding }, onBadRecord);
    }
  }
}

function checkRecordBytes(bytes: number, param: string): void {
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new GridError("bad-request", `${param} must be a positive integer`, { param });
  if (bytes > recordBytesMax)
    throw new GridError("record-too-large", `A record is at most ${recordBytesMax} bytes`, {
      param,
      limit: recordBytesMax,
    });
}
