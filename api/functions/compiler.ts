import { digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import { bundleBytesMax, isolateMemoryMbDefault } from "../../protocol/limits.ts";
import type { CompiledVersion, Compiler, PublishRequest } from "../ports.ts";
import { assemble } from "./assemble.ts";
import { bundleAuthor } from "./bundle.ts";
import type { ExecutorSource } from "./executors.ts";
import { explain } from "./explain.ts";
import { readFiles } from "./files.ts";
import { inspect } from "./inspect.ts";
import { meterBundle } from "./meter.ts";
import { checkPurity } from "./purity.ts";
import { readable } from "./readable.ts";
import { buildRuntime } from "./runtime-bundle.ts";

export interface CompilerOptions {
  /** Sandbox children to inspect in: an ExecutorPool. The compiler does not close it. */
  executors: ExecutorSource;
}

/** Turns an author's TypeScript into a version: bundled, metered, inspected, and checked for purity. */
export function createCompiler({ executors }: CompilerOptions): Compiler {
  let runtime: Promise<string> | undefined;
  const closing = new AbortController();

  function runtimeText(): Promise<string> {
    runtime ??= buildRuntime().catch((error: unknown) => {
      runtime = undefined;
      throw error;
    });
    return runtime;
  }

  async function examine(version: Omit<CompiledVersion, "description">): Promise<CompiledVersion> {
    const { digest, bundle } = version;
    const loan = await executors.acquire(`publish:${digest}`, closing.signal);
    try {
      loan.executor.open(digest, bundle, { memoryMb: isolateMemoryMbDefault });
      const description = readable(await inspect(loan.executor, digest));
      await checkPurity(loan.executor, digest, bundle, description);
      return { ...version, description };
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      throw GridError.fromBody(explain(error.toBody(), version.sourceMap));
    } finally {
      loan.executor.close(digest);
      loan.release();
    }
  }

  return {
    async compile(request: PublishRequest): Promise<CompiledVersion> {
      if (closing.signal.aborted) throw new GridError("shutting-down", "the compiler is closing");
      const bundled = await bundleAuthor(readFiles(request));
      const metered = meterBundle(bundled);
      const { script, sourceMap } = assemble(await runtimeText(), bundled, metered);
      const bytes = Buffer.byteLength(script);
      if (bytes > bundleBytesMax)
        throw new GridError("source-too-large", `the bundle has ${bytes} bytes`, {
          limit: bundleBytesMax,
        });
      return await examine({ digest: digestOf(script), bundle: script, sourceMap });
    },
    explain,
    async close() {
      closing.abort(new GridError("shutting-down", "the compiler is closing"));
    },
  };
}
