import { Readable } from "node:stream";
import { digestOf, digestPattern } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import { outputBytesMax } from "../../protocol/limits.ts";
import { bearerToken } from "../accounts/bearer.ts";
import { requireOperator } from "../accounts/principal.ts";
import type { Deps } from "../deps.ts";
import { readBytes } from "../http/body.ts";
import { type ApiContext, headerOf } from "../http/context.ts";
import type { Route } from "../http/route.ts";
import { authHeadersOf } from "../http/who.ts";
import type { BlobGrant } from "../ports.ts";

const tag = "Runners";
/** Up to this a blob is answered in one piece, which is faster than a stream. */
const wholeBytesMax = 9 * 1024 * 1024;

/** Blobs for runners: shards, bundles and constants out, large outputs in. */
export function blobRoutes({ store, gateway, latest, authenticator }: Deps): Route[] {
  /** Runners show the token of their work; whoever operates the server may read any blob, and gets no grant. */
  async function authorize(c: ApiContext): Promise<BlobGrant | undefined> {
    const token = bearerToken(headerOf(c, "authorization"));
    const grant = token === undefined ? undefined : gateway.blobGrant(token);
    if (!grant) requireOperator(await authenticator.authenticate(authHeadersOf(c)));
    return grant;
  }

  function digestParam(c: ApiContext): string {
    const digest = c.req.param("digest")!;
    if (!digestPattern.test(digest))
      throw new GridError("bad-request", "A blob is named by 64 lower-case hexadecimal digits.");
    return digest;
  }

  return [
    {
      operation: {
        method: "get",
        path: "/v1/blobs/:digest",
        id: "getBlob",
        tag,
        summary: "A blob by its SHA-256",
        auth: "own",
        responses: {
          200: { description: "Its bytes", contentTypes: ["application/octet-stream"] },
        },
      },
      async handle(c) {
        const grant = await authorize(c);
        const digest = digestParam(c);
        // What is there and not for this runner, and what is not there, look alike.
        const isShown = !grant || (await grant.mayRead(digest));
        const value = isShown ? latest.blob(digest) : undefined;
        if (value)
          return new Response(new Uint8Array(value), { headers: headersOf(value.byteLength) });
        const found = isShown ? await store.blobs.stream(digest) : undefined;
        if (!found) throw new GridError("not-found", `There is no blob ${digest}.`);
        const headers = headersOf(found.bytes);
        if (c.req.raw.method === "HEAD") {
          found.body.destroy();
          return new Response(null, { headers });
        }
        if (found.bytes > wholeBytesMax)
          return new Response(Readable.toWeb(found.body) as ReadableStream, { headers });
        const parts: Uint8Array[] = [];
        for await (const part of found.body) parts.push(part as Uint8Array);
        const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
        return new Response(whole as Uint8Array<ArrayBuffer>, { headers });
      },
    },
    {
      operation: {
        method: "put",
        // A runner's results come as fast as it works.
        unlimited: true,
        path: "/v1/blobs/:digest",
        id: "putBlob",
        tag,
        summary: "Store a blob under its SHA-256",
        auth: "own",
        body: { contentType: "application/octet-stream", description: "Its bytes" },
        responses: { 201: { description: "Stored" }, 200: { description: "It was there" } },
      },
      async handle(c) {
        const grant = await authorize(c);
        if (grant?.mayStore() === false)
          throw new GridError("forbidden", "This runner holds no lease that it could answer.");
        const digest = digestParam(c);
        const bytes = await readBytes(c, outputBytesMax);
        if (digestOf(bytes) !== digest)
          throw new GridError("bad-request", "The body does not have the digest of its name.");
        const outcome = await store.blobs.put(digest, bytes);
        grant?.stored(digest);
        return new Response(null, { status: outcome === "stored" ? 201 : 200 });
      },
    },
  ];
}

function headersOf(bytes: number): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(bytes),
    "cache-control": "private, max-age=31536000, immutable",
  };
}
