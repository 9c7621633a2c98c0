import type { GuestJob, GuestRequest } from "../protocol/guest.ts";
import { type RequestShape, runPartBytesMax, runPartRequestsMax } from "./messages-in.ts";
import type { ExecutorRequest } from "./port.ts";

/** What a part of a run carries, see RunMessage. */
export interface RequestPart {
  first: number;
  count: number;
  fields: { jobs: number; shapes: string; of?: number[]; data?: number[] };
  payloads: Uint8Array[][];
}

/**
 * Cuts a run's requests into parts. A job that requests share is written once per part; requests that share one by
 * identity are cheapest.
 */
export function* requestParts(requests: readonly ExecutorRequest[]): Generator<RequestPart> {
  for (let first = 0; first < requests.length; ) {
    const part = partFrom(requests, first);
    yield part;
    first += part.count;
  }
}

function partFrom(requests: readonly ExecutorRequest[], first: number): RequestPart {
  const jobs: GuestJob[] = [];
  const of: number[] = [];
  const lines: string[] = [];
  const lengths: number[] = [];
  const data: Uint8Array[] = [];
  let shapes = "";
  let bytes = 0;
  for (let at = first; at < requests.length && lines.length < runPartRequestsMax; at += 1) {
    const each = requests[at]!;
    const size = each.data?.byteLength ?? -1;
    if (lines.length > 0 && bytes + size > runPartBytesMax) break;
    const { job, ...rest } = each.request;
    let index = jobs.lastIndexOf(job);
    if (index < 0) index = jobs.push(job) - 1;
    of.push(index);
    lines.push(JSON.stringify(rest).slice(1));
    shapes += requestShape(each.request);
    lengths.push(size);
    if (each.data) data.push(each.data);
    bytes += Math.max(0, size);
  }
  const text = [...jobs.map((job) => JSON.stringify(job)), ...lines].join("\n");
  const hasData = data.length > 0;
  return {
    first,
    count: lines.length,
    fields: {
      jobs: jobs.length,
      shapes,
      ...(jobs.length > 1 && { of }),
      ...(hasData && { data: lengths }),
    },
    payloads: hasData ? [[Buffer.from(text)], data] : [[Buffer.from(text)]],
  };
}

function requestShape(request: GuestRequest): RequestShape {
  switch (request.entry) {
    case "map":
      return "slice" in request ? "m" : "b";
    case "reduce":
    case "invoke":
      return "t";
    default:
      return "b";
  }
}
