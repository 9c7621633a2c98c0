import { GridError } from "../../protocol/errors.ts";
import {
  type InvokeRequest,
  invokeAcceptedSchema,
  invokeRequestSchema,
  invokeResponseSchema,
} from "../../protocol/http-jobs.ts";
import { newId } from "../../protocol/ids.ts";
import { invokeInputBytesMax, roundsMaxDefault } from "../../protocol/limits.ts";
import type { Deps } from "../deps.ts";
import { readText } from "../http/body.ts";
import { type ApiContext, headerOf, idFor, principalOf } from "../http/context.ts";
import { deprecationOf } from "../http/deprecation.ts";
import { eitherName, functionParam } from "../http/either-name.ts";
import { inertHeaders } from "../http/inert.ts";
import { parseInvoke } from "../http/invoke-body.ts";
import { negotiate } from "../http/negotiate.ts";
import { fillParams, type Params } from "../http/params.ts";
import { type Preferences, parsePrefer } from "../http/prefer.ts";
import { json, jsonText, type Route } from "../http/route.ts";
import { limitsOf, seedDefault } from "../http/submit.ts";
import type { Version } from "../http/versions.ts";
import { keyOf } from "../payments/index.ts";
import { isFree } from "../payments/orders.ts";
import { costOf } from "../payments/split.ts";
import type { CallRequest, CallResult } from "../ports.ts";

const waitMsDefault = 30_000;
/** Longer waits belong to jobs; clients and proxies give up on silent connections. */
const waitMsMax = 120_000;
const defaultLimits = limitsOf(undefined);
const noUses: CallRequest["uses"] = {};

/**
 * The real-time path: one trip to one warm executor. It writes nothing to disk and logs nothing, and the result's JSON
 * is spliced into the answer as the sandbox gave it.
 */
export function invokeRoutes(deps: Deps): Route[] {
  const { gateway, versions, bindings, submit, calls, clock } = deps;
  const { choice } = deps.pools;
  const { orders, meter } = deps.payments;

  /** The answer as an ordinary job; functions are pure, so it is the same answer. */
  async function asJob(
    c: ApiContext,
    version: Version,
    request: InvokeRequest,
    applied: string,
  ): Promise<Response> {
    const jobId = idFor(c, "job", clock());
    const { function: name, digest } = version;
    await submit.submit(jobId, principalOf(c), { ...request, function: name, version: digest });
    const deprecation = deprecationOf(version);
    return json({ jobId, ...deprecation?.field }, 202, {
      ...deprecation?.header,
      location: `/v1/jobs/${jobId}`,
      "preference-applied": applied,
    });
  }

  /** The result of the call, or undefined when it outlasted the wait. */
  async function callWithin(
    c: ApiContext,
    request: Omit<CallRequest, "signal">,
    waitMs: number,
  ): Promise<CallResult | undefined> {
    const controller = new AbortController();
    let outlasted = false;
    const timer = setTimeout(() => {
      outlasted = true;
      controller.abort();
    }, waitMs);
    const outgoing = c.env?.outgoing;
    const onClose = () => controller.abort();
    outgoing?.once("close", onClose);
    try {
      return await gateway.call({ ...request, signal: controller.signal });
    } catch (error) {
      if (outlasted) return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
      outgoing?.off("close", onClose);
    }
  }

  async function direct(
    c: ApiContext,
    version: Version,
    request: InvokeRequest,
    params: Params,
    preferences: Preferences,
  ): Promise<Response> {
    const { description } = version;
    const principal = principalOf(c);
    const createdAtMs = clock();
    const seed = request.seed ?? seedDefault;
    const bound =
      request.uses !== undefined || hasFields(description.uses)
        ? (await bindings.bind(principal, description.uses, request.uses, { passing: true })).uses
        : noUses;
    const id = newId("call", createdAtMs);
    const note = { id, owner: principal.account, version, seed, params, createdAtMs };
    const waitMs = Math.min(preferences.waitMs ?? waitMsDefault, waitMsMax);
    const pool = choice.resolve(principal, request.pool);
    const terms = { ...orders.terms(version, principal.account), ...callTermsOf(version) };
    const free = isFree({ pool });
    const admission = free ? undefined : meter.admit(principal.account, keyOf(version), terms);
    let result: CallResult | undefined;
    try {
      result = await callWithin(
        c,
        {
          owner: principal.account,
          pool,
          function: version.function,
          version: version.digest,
          bundle: version.digest,
          input: JSON.stringify(request.input ?? null),
          params,
          uses: bound,
          seed,
          limits: defaultLimits,
          output: description.output,
          roundsMax: description.roundsMax ?? roundsMaxDefault,
        },
        waitMs,
      );
    } catch (error) {
      if (error instanceof GridError && error.fault === "function")
        calls.add({ ...note, endedAtMs: clock(), fuel: 0, costMicro: 0, error: error.toBody() });
      throw error;
    } finally {
      admission?.end();
    }
    if (!result) return asJob(c, version, request, `wait=${waitMs / 1000}`);
    const { body, fuel, ms } = result;
    const costMicro = free ? 0 : costOf(fuel, terms);
    calls.add({ ...note, endedAtMs: clock(), fuel, costMicro, body });
    const deprecation = deprecationOf(version);
    const headers: Record<string, string> = { ...deprecation?.header };
    if (preferences.waitMs !== undefined) headers["preference-applied"] = `wait=${waitMs / 1000}`;
    if (description.output.type === "bytes")
      return bytesResponse(c, id, result, description.output.contentType, headers);
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
    const warning = deprecation ? `,"deprecated":${JSON.stringify(version.deprecated)}` : "";
    return jsonText(
      `{"result":${text},"jobId":"${id}","fuel":${fuel},"ms":${round(ms)}${warning}}`,
      200,
      headers,
    );
  }

  return [
    ...eitherName({
      operation: {
        method: "post",
        path: "/v1/functions/:function/invoke",
        id: "invokeFunction",
        // Its own queue pushes back, and a call writes nothing.
        unlimited: true,
        tag: "Functions",
        summary: "Run a function on a small input and answer at once",
        description:
          "?version= names a version. Prefer: wait=N sets how long to wait (30 s); what lasts longer becomes a job, as with Prefer: respond-async.",
        auth: "member",
        scope: "jobs",
        idempotent: "body",
        headers: { Prefer: "wait=N or respond-async (RFC 7240)" },
        body: { schema: invokeRequestSchema },
        responses: {
          200: { description: "The result", schema: invokeResponseSchema },
          202: { description: "It became a job; Location names it", schema: invokeAcceptedSchema },
        },
      },
      async handle(c) {
        const version = versions.find(principalOf(c), functionParam(c), versionOf(c));
        const text = await readText(c, invokeInputBytesMax);
        const request = parseInvoke(text);
        const params = fillParams(version.description.params, request.params);
        const preferences = parsePrefer(headerOf(c, "prefer"));
        if (preferences.respondAsync) return asJob(c, version, request, "respond-async");
        return direct(c, version, request, params, preferences);
      },
    }),
  ];
}

function versionOf(c: ApiContext): string | undefined {
  const url = c.req.url;
  const at = url.indexOf("?");
  if (at < 0) return undefined;
  for (const name of new URLSearchParams(url.slice(at)).keys())
    if (name !== "version")
      throw new GridError("bad-request", `The query has an unknown field "${name}".`, {
        name,
        hint: "Known here: version.",
      });
  return c.req.query("version");
}

function bytesResponse(
  c: ApiContext,
  id: string,
  { body, fuel, ms }: CallResult,
  contentType: string,
  headers: Record<string, string>,
): Response {
  const offers = ["application/json", contentType, "application/octet-stream"];
  const wanted = negotiate(headerOf(c, "accept"), offers);
  if (wanted === undefined)
    throw new GridError("not-acceptable", "The result has no such form.", {
      hint: `Accept one of: ${offers.join(", ")}.`,
    });
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (wanted === "application/json") {
    const result = { base64: bytes.toString("base64"), contentType };
    return json({ result, jobId: id, fuel, ms: round(ms) }, 200, headers);
  }
  return new Response(bytes, {
    headers: {
      ...inertHeaders,
      "content-type": wanted,
      "x-job-id": id,
      "x-fuel": String(fuel),
      "x-compute-ms": String(round(ms)),
      ...headers,
    },
  });
}

function callTermsOf({ function: name, owner }: Version): { function: string; author: string } {
  return { function: name, author: owner };
}

function hasFields(value: object): boolean {
  for (const _ in value) return true;
  return false;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
