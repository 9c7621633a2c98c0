import type { InvokeAccepted, InvokeResponse, SubmitRequest } from "../../../protocol/http-jobs.ts";
import { api } from "../../lib/api/index.ts";
import { requestBodyOf } from "./invoke-body.ts";

/** What came back of a call, and how long the page waited for it. */
export interface Answer {
  response: InvokeResponse | InvokeAccepted;
  roundTripMs: number;
}

/** @throws GridError, Unreachable */
export async function call(request: SubmitRequest): Promise<Answer> {
  const { function: name, version } = request;
  const startedMs = performance.now();
  const response = await api.json<InvokeResponse | InvokeAccepted>(`/v1/functions/${name}/invoke`, {
    method: "POST",
    query: { version },
    json: requestBodyOf(request),
  });
  return { response, roundTripMs: performance.now() - startedMs };
}
