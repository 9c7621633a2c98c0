import { hash } from "node:crypto";
import { GridError } from "../../protocol/errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { IdempotencyRow } from "../catalog/idempotency.ts";
import { readText } from "./body.ts";
import { type ApiContext, headerOf, newResource, principalOf } from "./context.ts";
import { problemResponse, toGridError } from "./problem.ts";
import type { Handler, Operation } from "./route.ts";

/** How long a key keeps its answer, and how many keys are kept. */
export const idempotencyKeptMs = 24 * 3_600_000;
export const idempotencyKeysMax = 100_000;
const keyCharsMax = 200;
const inFlightMax = 10_000;
/** A larger answer is not kept: the same request is then worked again, under the ids of the first. */
const answerCharsMax = 1024 * 1024;
const keptHeaders = ["content-type", "location", "preference-applied"];

export interface IdempotencyOptions {
  catalog: Catalog;
  clock: () => number;
}

/**
 * Makes writes repeatable (draft-ietf-httpapi-idempotency-key-header): the same key and request get the first answer
 * again, marked `Idempotent-Replayed: true`; a request under way is waited for. A request whose process died before it
 * answered is worked again under the ids of the first attempt, so that what it created is found, not made twice.
 */
export function createIdempotent({ catalog, clock }: IdempotencyOptions) {
  const inFlight = new Map<string, Promise<unknown>>();

  return function idempotent(operation: Operation, handle: Handler): Handler {
    return async (c) => {
      const given = headerOf(c, "idempotency-key");
      if (given === undefined) return handle(c);
      if (given.length === 0 || given.length > keyCharsMax)
        throw new GridError(
          "bad-request",
          `An Idempotency-Key has 1 to ${keyCharsMax} characters.`,
        );
      // Nobody gets another account's answer by its key.
      const key = `${principalOf(c).account} ${given}`;
      const request = await fingerprint(c, operation);
      for (let busy = inFlight.get(key); busy; busy = inFlight.get(key)) await busy;
      const replay = replayed(key, request);
      if (replay) return replay;
      if (inFlight.size >= inFlightMax)
        throw new GridError("too-many-requests", "Too many writes are under way.");
      const { promise, resolve } = Promise.withResolvers<void>();
      inFlight.set(key, promise);
      try {
        return await work(c, key, request, handle);
      } finally {
        inFlight.delete(key);
        resolve();
      }
    };
  };

  function replayed(key: string, request: string): Response | undefined {
    const row = catalog.idempotency.find(key);
    if (row && row.request !== request)
      throw new GridError(
        "idempotency-conflict",
        "This Idempotency-Key came with another request within the last 24 hours.",
        { hint: "Take a new key for a new request; repeat a key only to repeat its request." },
      );
    return row && answerOf(row);
  }

  async function work(
    c: ApiContext,
    key: string,
    request: string,
    handle: Handler,
  ): Promise<Response> {
    const nowMs = clock();
    catalog.idempotency.begin({ key, request, resource: newResource(nowMs), createdAtMs: nowMs });
    const row = catalog.idempotency.find(key);
    if (row) c.set("resource", row.resource);
    return await keepAnswer(catalog, key, c.req.path, () => handle(c));
  }
}

/**
 * The answer to a request, kept under its key for repeats; a refusal is an answer too.
 * @throws what says nothing about the next attempt: a passing trouble, one of ours, an upload that broke off
 */
export async function keepAnswer(
  { idempotency }: Pick<Catalog, "idempotency">,
  key: string,
  path: string,
  handle: () => Response | Promise<Response>,
): Promise<Response> {
  let response: Response;
  try {
    response = await handle();
  } catch (error) {
    const known = toGridError(error);
    if (known.status >= 500 || known.status === 429 || known.code === "upload-incomplete")
      throw error;
    response = problemResponse(known, path);
  }
  const body = await response.clone().text();
  if (body.length > answerCharsMax || /octet-stream|image\//.test(typeOf(response)))
    idempotency.forget(key);
  else idempotency.answer(key, response.status, headersOf(response), body);
  return response;
}

/** What was answered under a key; undefined while nothing was. */
export function keptAnswer(
  { idempotency }: Pick<Catalog, "idempotency">,
  key: string,
): Response | undefined {
  const row = idempotency.find(key);
  return row && answerOf(row);
}

function answerOf({ status, headers, body }: IdempotencyRow): Response | undefined {
  if (status === null) return undefined;
  return new Response(body, { status, headers: { ...headers, "idempotent-replayed": "true" } });
}

async function fingerprint(c: ApiContext, operation: Operation): Promise<string> {
  const { pathname, search } = new URL(c.req.url);
  const content =
    operation.idempotent === "stream"
      ? `${headerOf(c, "content-length") ?? ""} ${headerOf(c, "content-encoding") ?? ""}`
      : await readText(c);
  return hash("sha256", `${c.req.method} ${pathname}${search}\n${content}`, "hex");
}

function typeOf(response: Response): string {
  return response.headers.get("content-type") ?? "";
}

function headersOf(response: Response): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = response.headers.get(name);
    if (value !== null) kept[name] = value;
  }
  return kept;
}
