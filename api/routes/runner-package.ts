import { type RunnerRelease, runnerReleaseSchema } from "../../protocol/http-runner-release.ts";
import { protocolVersion } from "../../protocol/limits.ts";
import type { Deps } from "../deps.ts";
import { headerOf } from "../http/context.ts";
import { json, type Operation, type Route } from "../http/route.ts";
import {
  nodeVersion,
  packageName,
  packageVersion,
  platforms,
} from "../runners/package/manifest.ts";

/** What a machine needs to become a runner of this server. */
export function runnerPackageRoutes({ address, runnerPackage }: Deps): Route[] {
  const open = (path: string, id: string, summary: string, more: Partial<Operation>) =>
    ({
      method: "get",
      path,
      id,
      tag: "Runners",
      summary,
      auth: "open",
      responses: {},
      ...more,
    }) as const;

  return [
    {
      operation: open("/runner.tgz", "getRunnerPackage", "The runner, as npm installs it", {
        description:
          "For `npm install --global`. The package knows the address that it was asked for under, or PUBLIC_URL.",
        headers: { "If-None-Match": "the ETag of what one has" },
        responses: {
          200: { description: "The package", contentTypes: ["application/gzip"] },
          304: { description: "It is the one that the ETag names" },
        },
      }),
      async handle(c) {
        const { bytes, digest } = await runnerPackage.from(address.seenBy(c));
        const etag = `"${digest}"`;
        const headers = { etag, "cache-control": "no-cache", vary: "host" };
        const known = headerOf(c, "if-none-match")?.split(/\s*,\s*/) ?? [];
        if (known.some((tag) => tag === "*" || tag.replace(/^W\//, "") === etag))
          return new Response(null, { status: 304, headers });
        return new Response(bytes, { headers: { ...headers, "content-type": "application/gzip" } });
      },
    },
    {
      operation: open(
        "/runner",
        "getRunnerRelease",
        "Which runner that is, and how to install it",
        {
          responses: { 200: { description: "The runner", schema: runnerReleaseSchema } },
        },
      ),
      async handle(c) {
        const server = address.seenBy(c);
        const { build, bytes, digest } = await runnerPackage.from(server);
        const url = `${server}/runner.tgz`;
        const commands = [`npm install --global ${url}`, `${packageName} install`];
        const release: RunnerRelease = {
          version: packageVersion,
          build,
          protocol: protocolVersion,
          node: nodeVersion,
          platforms,
          server,
          url,
          bytes: bytes.byteLength,
          digest,
          commands: { linux: commands, macos: commands, windows: commands },
        };
        return json(release, 200, { "cache-control": "no-cache", vary: "host" });
      },
    },
  ];
}
