import type { InvokeRequest, SubmitRequest } from "../../../protocol/http-jobs.ts";

/** The part of a job's request that a call takes: it holds no budget, and has its input with it. Pure. */
export function requestBodyOf({ input, params, uses, seed, pool }: SubmitRequest): InvokeRequest {
  const all = { input, params, uses, seed, pool };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
