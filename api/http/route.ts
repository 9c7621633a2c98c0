import type { z } from "zod";
import type { Scope } from "../../protocol/accounts.ts";
import type { ApiContext } from "./context.ts";

/** What a route says of itself: the server checks by it, and /openapi.json and /docs are made of it. */
export interface Operation {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** Hono's notation: "/v1/jobs/:id". */
  path: string;
  /** The operation's name in OpenAPI and the label of its metrics. */
  id: string;
  tag: string;
  summary: string;
  description?: string;
  /**
   * open: nobody is asked; anyone: who shows no key and has no session sees what is public; member: a valid key or
   * session of any account; operator: one of the operator's; own: the handler checks by itself.
   */
  auth: "open" | "anyone" | "member" | "operator" | "own";
  /** What a key must be good for. */
  scope?: Scope;
  query?: z.ZodObject;
  body?: { schema: z.ZodType } | { contentType: string; description: string };
  /** Request headers that it understands beyond Authorization and Idempotency-Key. */
  headers?: Record<string, string>;
  /** By status. Problems need not be listed: every operation may answer with one. */
  responses: Record<number, ResponseDescription>;
  /**
   * True for what is no write, or is held back by other means: it is not counted against the rate of writes.
   */
  unlimited?: true;
  /**
   * How an Idempotency-Key tells one request from another: by its JSON body, or, for a streamed body, by its
   * announced length. Absent for reads.
   */
  idempotent?: "body" | "stream";
}

export interface ResponseDescription {
  description: string;
  schema?: z.ZodType;
  contentTypes?: readonly string[];
}

export type Handler = (c: ApiContext) => Response | Promise<Response>;

export interface Route {
  operation: Operation;
  handle: Handler;
}

/** A JSON answer; plain header objects keep node-server's fast path. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return jsonText(JSON.stringify(value), status, headers);
}

export function jsonText(
  text: string,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(text, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}
