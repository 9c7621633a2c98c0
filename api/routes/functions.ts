import { pageQuerySchema } from "../../protocol/http-common.ts";
import {
  type FunctionDetail,
  type FunctionSummary,
  functionDetailSchema,
  functionPageSchema,
  type Published,
  publishedSchema,
  publishRequestSchema,
} from "../../protocol/http-functions.ts";
import type { ListedFunction, VersionRow } from "../catalog/functions.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { pageOf } from "../http/page.ts";
import { json, type Route } from "../http/route.ts";

const versionsShownMax = 100;
const tag = "Functions";

export function functionRoutes(deps: Deps): Route[] {
  const { catalog, compiler, store, versions, gate, clock } = deps;

  function detail(row: VersionRow): FunctionDetail {
    const { visibility } = catalog.functions.find(row.function)!;
    return {
      ...publishedOf(row),
      visibility,
      combine: row.description.combine,
      ...(row.readme === null ? {} : { readme: row.readme }),
      source: row.source,
      files: row.files,
      bundleBytes: row.bundleBytes,
      versions: catalog.functions
        .versions(row.function, versionsShownMax)
        .map(({ digest, publishedAtMs }) => ({
          version: digest,
          publishedAt: time(publishedAtMs),
        })),
    };
  }

  return [
    {
      operation: {
        method: "post",
        path: "/v1/functions",
        id: "publishFunction",
        tag,
        summary: "Publish a function",
        description:
          "Compiles, meters and inspects TypeScript whose default export is a function of the SDK. The version is the digest of the bundle, so the same source gives the same version.",
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
        const { name, source, files = {}, readme, visibility } = body;
        const compiled = await compiler.compile({ name, source, files });
        const bundle = Buffer.from(compiled.bundle);
        const row: VersionRow = {
          function: name,
          digest: compiled.digest,
          description: compiled.description,
          source,
          files,
          readme: readme ?? null,
          sourceMap: compiled.sourceMap,
          bundleBytes: bundle.byteLength,
          publishedAtMs: clock(),
        };
        const outcome = await gate.storing(async () => {
          await store.blobs.put(compiled.digest, bundle);
          catalog.blobRefs.hold(`function ${name}`, [compiled.digest]);
          return catalog.functions.publish(row, visibility);
        });
        versions.published(name);
        const published = publishedOf(catalog.functions.version(name, compiled.digest) ?? row);
        return json(published, outcome === "created" ? 201 : 200, {
          location: `/v1/functions/${name}/versions/${compiled.digest}`,
        });
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/functions",
        id: "listFunctions",
        tag,
        summary: "List functions by name",
        auth: "member",
        scope: "functions",
        query: pageQuerySchema,
        responses: { 200: { description: "A page", schema: functionPageSchema } },
      },
      handle(c) {
        const { cursor, limit } = readQuery(c, pageQuerySchema);
        const rows = catalog.functions.list(cursor ?? "", limit + 1);
        return json(pageOf(rows, limit, (row) => row.function.name, summaryOf));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/functions/:name",
        id: "getFunction",
        tag,
        summary: "A function's newest version",
        auth: "member",
        scope: "functions",
        responses: { 200: { description: "The function", schema: functionDetailSchema } },
      },
      handle(c) {
        const name = c.req.param("name")!;
        const { digest } = versions.find(name);
        return json(detail(catalog.functions.version(name, digest)!));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/functions/:name/versions/:version",
        id: "getFunctionVersion",
        tag,
        summary: "One version of a function",
        description:
          'A version is named by its digest, its first 8 or more characters, or "latest".',
        auth: "member",
        scope: "functions",
        responses: { 200: { description: "The version", schema: functionDetailSchema } },
      },
      handle(c) {
        const name = c.req.param("name")!;
        const { digest } = versions.find(name, c.req.param("version"));
        return json(detail(catalog.functions.version(name, digest)!));
      },
    },
  ];
}

function publishedOf(row: VersionRow): Published {
  const { kind, title, description, input, params, uses, output, example } = row.description;
  return {
    name: row.function,
    version: row.digest,
    kind,
    title,
    ...(description === undefined ? {} : { description }),
    input,
    params: { type: "object", properties: params, additionalProperties: false },
    uses,
    output,
    example,
    publishedAt: time(row.publishedAtMs),
  };
}

function summaryOf({ function: row, description, versions }: ListedFunction): FunctionSummary {
  return {
    name: row.name,
    version: row.latest,
    kind: description.kind,
    title: description.title,
    ...(description.description === undefined ? {} : { description: description.description }),
    input: description.input,
    output: description.output,
    visibility: row.visibility,
    versions,
    publishedAt: time(row.publishedAtMs),
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
