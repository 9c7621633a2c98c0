import { GridError } from "../../protocol/errors.ts";
import {
  basisPointsOf,
  forkRequestSchema,
  functionChangeSchema,
  functionDetailSchema,
  functionNameSchema,
  publishedSchema,
} from "../../protocol/http-functions.ts";
import { bundlesHolder } from "../catalog/function-removal.ts";
import type { FunctionRow } from "../catalog/functions.ts";
import type { Deps } from "../deps.ts";
import { admitVersion } from "../http/admit.ts";
import { readJson, readOptionalJson } from "../http/body.ts";
import { type ApiContext, principalOf } from "../http/context.ts";
import { eitherName, functionParam } from "../http/either-name.ts";
import { json, type Route } from "../http/route.ts";
import { parseWith } from "../http/validate.ts";

const tag = "Functions";

/** What owners do with what is published, and what others make of it. */
export function functionChangeRoutes(deps: Deps): Route[] {
  const { catalog, versions, views, names, gate, quotas, clock } = deps;
  const { functions } = catalog;

  /** @throws GridError not-found when it is private to someone else; forbidden when it may be seen, but not changed */
  function own(c: ApiContext): FunctionRow {
    const principal = principalOf(c);
    const row = versions.row(principal, functionParam(c));
    if (row.owner === principal.account) return row;
    const name = names.full(row.owner, row.name);
    throw new GridError("forbidden", `${name} is not yours.`, {
      name,
      hint: `Only its owner changes a function. POST /v1/functions/${name}/fork makes one of your own of it.`,
    });
  }

  return [
    ...eitherName({
      operation: {
        method: "patch",
        path: "/v1/functions/:function",
        id: "changeFunction",
        tag,
        summary: "Change what is said of your function, and who may find it",
        description:
          "What is absent stays. A royalty is that of versions to come. A deprecated version still runs and warns; the latest is the last that is not deprecated.",
        auth: "member",
        scope: "functions",
        idempotent: "body",
        body: { schema: functionChangeSchema },
        responses: { 200: { description: "The function", schema: functionDetailSchema } },
      },
      async handle(c) {
        const row = own(c);
        const change = await readJson(c, functionChangeSchema);
        const { visibility, tags, royaltyPercent, readme, deprecated } = change;
        const royaltyBasisPoints =
          royaltyPercent === undefined ? undefined : basisPointsOf(royaltyPercent);
        const digest = deprecated && versions.digestOf(row, deprecated.version);
        catalog.transaction(() => {
          functions.change(row.id, { visibility, tags, royaltyBasisPoints });
          if (readme !== undefined) functions.describe(row.id, row.latest, readme);
          if (digest !== undefined) functions.deprecate(row.id, digest, deprecated!.message);
        });
        versions.changed(row);
        const now = functions.byId(row.id)!;
        return json(views.detail(now, functions.version(now.id, now.latest)!));
      },
    }),
    ...eitherName({
      operation: {
        method: "delete",
        path: "/v1/functions/:function",
        id: "deleteFunction",
        tag,
        summary: "Delete your function, with all its versions",
        description:
          "Nobody finds or runs it any more, and its name is free for you. Jobs that are under way end as they would have, results and what was paid stay, and so do forks.",
        auth: "member",
        scope: "functions",
        idempotent: "body",
        responses: { 204: { description: "Deleted" } },
      },
      handle(c) {
        const row = own(c);
        functions.remove(row.id, clock());
        versions.changed(row);
        return new Response(null, { status: 204 });
      },
    }),
    ...eitherName({
      operation: {
        method: "post",
        path: "/v1/functions/:function/fork",
        id: "forkFunction",
        tag,
        summary: "Make a function of your own of this one",
        description:
          "Copies a version with its source, readme and tags under your handle, private at first, and says where it comes from. Its royalty is yours.",
        auth: "member",
        scope: "functions",
        idempotent: "body",
        body: { schema: forkRequestSchema },
        responses: {
          200: { description: "You had forked it so", schema: publishedSchema },
          201: { description: "Forked", schema: publishedSchema },
        },
      },
      async handle(c) {
        const { account: owner, handle } = principalOf(c);
        const origin = versions.row(principalOf(c), functionParam(c));
        const request = await readOptionalJson(c, forkRequestSchema);
        const name = parseWith(functionNameSchema, request.name ?? origin.name, "The name");
        const from = functions.version(origin.id, versions.digestOf(origin, request.version))!;
        const { digest, description, source, files, sourceMap, bundleBytes } = from;
        const forkedFrom = { function: origin.id, version: digest };
        const known = functions.find(owner, name);
        if (known && (known.forkedFrom !== origin.id || known.forkedVersion !== digest))
          throw new GridError("conflict", `You have a function "${name}" already.`, {
            name,
            hint: 'Send { "name": … } to fork it under another name.',
          });
        const settings = {
          tags: origin.tags,
          royaltyBasisPoints: basisPointsOf(request.royaltyPercent ?? 0),
        };
        const fork =
          known ??
          (await gate.storing(async () => {
            admitVersion(quotas, catalog, { owner, name, digest });
            catalog.blobRefs.hold(bundlesHolder({ owner, name }), [digest]);
            return functions.publish({
              ...{ owner, name, digest, description, source, files, sourceMap, bundleBytes },
              readme: from.readme ?? undefined,
              publishedAtMs: clock(),
              settings,
              forkedFrom,
            }).function;
          }));
        versions.changed(fork);
        const version = functions.version(fork.id, digest)!;
        return json(views.published(fork, version), known ? 200 : 201, {
          location: `/v1/functions/${handle}/${name}`,
        });
      },
    }),
  ];
}
