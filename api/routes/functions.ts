import { GridError } from "../../protocol/errors.ts";
import {
  basisPointsOf,
  functionDetailSchema,
  functionListQuerySchema,
  functionNameSchema,
  functionPageSchema,
  publishedSchema,
  publishRequestSchema,
  splitFunctionRef,
} from "../../protocol/http-functions.ts";
import { refused } from "../accounts/key-check.ts";
import { type Principal, stranger } from "../accounts/principal.ts";
import { bundlesHolder } from "../catalog/function-removal.ts";
import type { FunctionRow } from "../catalog/functions.ts";
import type { Deps } from "../deps.ts";
import { admitVersion } from "../http/admit.ts";
import { readJson, readQuery } from "../http/body.ts";
import { lookerOf, principalOf } from "../http/context.ts";
import { eitherName, functionParam } from "../http/either-name.ts";
import { pageOf } from "../http/page.ts";
import { cursorOf, placeOf } from "../http/place-cursor.ts";
import { json, type Route } from "../http/route.ts";
import { parseWith } from "../http/validate.ts";
import { viewerOf } from "../http/viewer.ts";

const tag = "Functions";

export function functionRoutes(deps: Deps): Route[] {
  const { catalog, compiler, store, versions, views, names, gate, quotas, clock } = deps;

  function detail(row: FunctionRow, version: string | undefined): Response {
    const digest = versions.digestOf(row, version);
    return json(views.detail(row, catalog.functions.version(row.id, digest)!));
  }

  return [
    {
      operation: {
        method: "post",
        path: "/v1/functions",
        id: "publishFunction",
        tag,
        summary: "Publish a function under your handle",
        description:
          "Compiles, meters and inspects TypeScript whose default export is a function of the SDK. The version is the digest of the bundle, so the same source gives the same version. Whoever may see a function may read its source. A version's royalty is fixed.",
        auth: "member",
        scope: "functions",
        idempotent: "body",
        body: { schema: publishRequestSchema },
        responses: {
          200: { description: "This version exists", schema: publishedSchema },
          201: { description: "Published", schema: publishedSchema },
        },
      },
      async handle(c) {
        const body = await readJson(c, publishRequestSchema);
        const principal = principalOf(c);
        const owner = principal.account;
        const name = ownNameOf(principal, body.name);
        const { source, files = {}, readme, visibility, tags, royaltyPercent } = body;
        const compiled = await compiler.compile({ name, source, files });
        const { digest, description, sourceMap } = compiled;
        const bundle = Buffer.from(compiled.bundle);
        const settings = {
          visibility,
          tags,
          royaltyBasisPoints:
            royaltyPercent === undefined ? undefined : basisPointsOf(royaltyPercent),
        };
        const published = await gate.storing(async () => {
          await store.blobs.put(digest, bundle);
          admitVersion(quotas, catalog, { owner, name, digest });
          catalog.blobRefs.hold(bundlesHolder({ owner, name }), [digest]);
          return catalog.functions.publish({
            ...{ owner, name, digest, description, source, files, readme, sourceMap },
            bundleBytes: bundle.byteLength,
            publishedAtMs: clock(),
            settings,
          });
        });
        const row = published.function;
        versions.changed(row);
        const version = catalog.functions.version(row.id, digest)!;
        return json(views.published(row, version), published.outcome === "created" ? 201 : 200, {
          location: `/v1/functions/${names.full(owner, name)}/versions/${digest}`,
        });
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/functions",
        id: "listFunctions",
        tag,
        summary: "Find functions: everyone's public ones and yours",
        description:
          'q: words that name, title, tags, description or readme have (their beginnings are enough). owner: a handle, or "me". Without sort, by relevance to q, or by name. With all=true the operator finds private ones as well.',
        auth: "anyone",
        scope: "functions",
        query: functionListQuerySchema,
        responses: { 200: { description: "A page", schema: functionPageSchema } },
      },
      handle(c) {
        const { cursor, limit, q, owner: handle, ...rest } = readQuery(c, functionListQuerySchema);
        const { account } = lookerOf(c);
        if ((handle === "me" || rest.all === "true") && account === stranger.account)
          throw refused("More than public functions takes a session or a key.");
        const all = rest.all === "true" && viewerOf(c, rest.all).all;
        const sort = rest.sort ?? (q === undefined ? "name" : "relevance");
        const owner = handle === "me" ? account : handle && names.accountOf(handle);
        if (handle !== undefined && owner === undefined) return json({ items: [], next: null });
        const rows = catalog.functions.list({
          ...{ account: all ? undefined : account, text: q, owner, sort },
          ...{ tag: rest.tag, kind: rest.kind },
          after: cursor === undefined ? undefined : placeOf(sort, cursor),
          limit: limit + 1,
        });
        return json(
          pageOf(
            rows,
            limit,
            ({ place }) => cursorOf(sort, place),
            (row) => views.summary(row),
          ),
        );
      },
    },
    ...eitherName({
      operation: {
        method: "get",
        path: "/v1/functions/:function",
        id: "getFunction",
        tag,
        summary: "A function's latest version",
        description:
          "A name alone is one of your functions, or else of the operator's; owner/name is anyone's.",
        auth: "anyone",
        scope: "functions",
        responses: { 200: { description: "The function", schema: functionDetailSchema } },
      },
      handle: (c) => detail(versions.row(lookerOf(c), functionParam(c)), undefined),
    }),
    ...eitherName({
      operation: {
        method: "get",
        path: "/v1/functions/:function/versions/:version",
        id: "getFunctionVersion",
        tag,
        summary: "One version of a function",
        description:
          'A version is named by its digest, its first 8 or more characters, or "latest".',
        auth: "anyone",
        scope: "functions",
        responses: { 200: { description: "The version", schema: functionDetailSchema } },
      },
      handle: (c) => detail(versions.row(lookerOf(c), functionParam(c)), c.req.param("version")),
    }),
  ];
}

/** The bare name of a function to publish. @throws GridError forbidden, bad-request */
function ownNameOf(principal: Principal, reference: string): string {
  const { handle, name } = splitFunctionRef(reference);
  if (handle !== undefined && handle !== principal.handle)
    throw new GridError("forbidden", `You may not publish under the handle "${handle}".`, {
      name: handle,
      hint: `Publish it as "${name}" or "${principal.handle}/${name}".`,
    });
  return parseWith(functionNameSchema, name, "The name");
}
