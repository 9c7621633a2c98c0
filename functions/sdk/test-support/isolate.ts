import { build } from "esbuild";
import ivm from "isolated-vm";
import type { GuestReply, GuestRequest } from "../../../protocol/guest.ts";
import { type Reply, readReply } from "./reply.ts";

export interface IsolateGuest {
  describe(): Record<string, unknown>;
  load(key: string, meta: object, data: string | ArrayBuffer): void;
  evict(key: string): void;
  run(request: GuestRequest, data?: string | ArrayBuffer): Reply;
  /** The header of a run. */
  header(request: GuestRequest, data?: string | ArrayBuffer): GuestReply;
  /** Evaluates an expression in the same context, after the bundle. */
  evaluate(expression: string): unknown;
  dispose(): void;
}

/** The bundled runtime, as a platform makes it. */
export async function bundleRuntime(): Promise<string> {
  const built = await build({
    entryPoints: [new URL("../runtime/entry.ts", import.meta.url).pathname],
    bundle: true,
    format: "iife",
    globalName: "$runtimeModule",
    write: false,
    target: "esnext",
  });
  return built.outputFiles[0]!.text;
}

/**
 * A real isolate with a bundle of the runtime and an author's module; `author` is plain JavaScript whose value is the
 * definition (unmetered, but for what it writes itself: $runtime is in scope).
 */
export function openIsolate(runtime: string, author: string): IsolateGuest {
  const isolate = new ivm.Isolate({ memoryLimit: 256 });
  const context = isolate.createContextSync();
  const script = isolate.compileScriptSync(
    `(() => { "use strict"; ${runtime}\nconst $runtime = $runtimeModule.default;\nconst $definition = (() => ${author})();\nreturn $runtime.bind($definition); })()`,
    { filename: "bundle.js" },
  );
  const guest = script.runSync(context, { reference: true }) as ivm.Reference<
    Record<string, unknown>
  >;
  const call = (name: string, args: unknown[]): unknown => {
    const method = guest.getSync(name, { reference: true }) as ivm.Reference<
      (...args: never[]) => unknown
    >;
    const passed = args.map((arg) =>
      arg instanceof ArrayBuffer ? new ivm.ExternalCopy(arg).copyInto() : arg,
    );
    return method.applySync(undefined, passed as never[], {
      timeout: 10_000,
      result: { copy: true },
    });
  };
  const run = (request: GuestRequest, data?: string | ArrayBuffer): Reply => {
    const reply = call("run", [JSON.stringify(request), data]);
    return readReply(reply as string | ArrayBuffer);
  };
  return {
    describe: () => JSON.parse(call("describe", []) as string) as Record<string, unknown>,
    load: (key, meta, data) => void call("load", [key, JSON.stringify(meta), data]),
    evict: (key) => void call("evict", [key]),
    run,
    header: (request, data) => run(request, data).header,
    evaluate: (expression) => context.evalSync(expression, { timeout: 1000 }) as unknown,
    dispose: () => isolate.dispose(),
  };
}
