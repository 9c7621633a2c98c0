import { GridError } from "../../protocol/errors.ts";
import { recordBytesMax } from "../../protocol/limits.ts";

export function malformed(what: string, line: number, hint?: string): GridError {
  return new GridError(
    "malformed-record",
    `Line ${line}: ${what}`,
    hint === undefined ? { line } : { line, hint },
  );
}

export function recordTooLarge(line: number): GridError {
  return new GridError(
    "record-too-large",
    `Line ${line}: a record is longer than ${recordBytesMax} bytes`,
    { line, limit: recordBytesMax },
  );
}
