import { type Digest, digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import { bundleBytesMax } from "../../protocol/limits.ts";
import type { PublishRequest } from "../ports.ts";
import { assemble } from "./assemble.ts";
import { bundleAuthor } from "./bundle.ts";
import { readFiles } from "./files.ts";
import { meterBundle } from "./meter.ts";
import { buildRuntime } from "./runtime-bundle.ts";

/** A version before anything of it has run. */
export interface Built {
  digest: Digest;
  bundle: string;
  sourceMap: string;
}

export type Builder = (request: PublishRequest) => Promise<Built>;

/** Makes an author's TypeScript into one metered, self-contained script. The runtime's part of it is made once. */
export function createBuilder(): Builder {
  let runtime: Promise<string> | undefined;

  function runtimeText(): Promise<string> {
    runtime ??= buildRuntime().catch((error: unknown) => {
      runtime = undefined;
      throw error;
    });
    return runtime;
  }

  return async (request) => {
    const bundled = await bundleAuthor(readFiles(request));
    const metered = meterBundle(bundled);
    const { script, sourceMap } = assemble(await runtimeText(), bundled, metered);
    const bytes = Buffer.byteLength(script);
    if (bytes > bundleBytesMax)
      throw new GridError("source-too-large", `the bundle has ${bytes} bytes`, {
        limit: bundleBytesMax,
      });
    return { digest: digestOf(script), bundle: script, sourceMap };
  };
}
