import { GridError } from "../../protocol/errors.ts";
import { isolateMemoryMbDefault } from "../../protocol/limits.ts";
import type { CompiledVersion, Compiler, PublishRequest } from "../ports.ts";
import { type Builder, type Built, createBuilder } from "./builder.ts";
import type { ExecutorSource } from "./executors.ts";
import { explain } from "./explain.ts";
import { inspect } from "./inspect.ts";
import { checkPurity } from "./purity.ts";
import { readable } from "./readable.ts";

export interface CompilerOptions {
  /** Sandbox children to inspect in: an ExecutorPool. The compiler does not close it. */
  executors: ExecutorSource;
  build?: Builder;
}

/** Turns an author's TypeScript into a version: bundled, metered, inspected, and checked for purity. */
export function createCompiler({ executors, build = createBuilder() }: CompilerOptions): Compiler {
  const closing = new AbortController();

  async function examine(built: Built): Promise<CompiledVersion> {
    const { digest, bundle } = built;
    const loan = await executors.acquire(`publish:${digest}`, closing.signal);
    try {
      loan.executor.open(digest, bundle, { memoryMb: isolateMemoryMbDefault });
      const description = readable(await inspect(loan.executor, digest));
      await checkPurity(loan.executor, digest, bundle, description);
      return { ...built, description };
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      throw GridError.fromBody(explain(error.toBody(), built.sourceMap));
    } finally {
      loan.executor.close(digest);
      loan.release();
    }
  }

  return {
    async compile(request: PublishRequest): Promise<CompiledVersion> {
      if (closing.signal.aborted) throw new GridError("shutting-down", "the compiler is closing");
      return await examine(await build(request));
    },
    explain,
    async close() {
      closing.abort(new GridError("shutting-down", "the compiler is closing"));
    },
  };
}
