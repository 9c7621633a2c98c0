import type IsolatedVm from "isolated-vm";
import { faultOf, GuestFault } from "./faults.ts";

/** What the guest may not have even for the moment before its own runtime removes it: memory that no limit counts, and
 * the makings of a clock. */
const removals =
  "delete globalThis.WebAssembly; delete globalThis.SharedArrayBuffer; delete globalThis.Atomics;";

/** V8 wants some room for its own, whatever the job asked for. */
const memoryMbMin = 16;

type GuestFunction = "describe" | "load" | "evict" | "run";
type Argument = string | ArrayBuffer;

/** An isolate and its context that no guest has been in. */
export class BlankIsolate {
  readonly memoryMb: number;
  readonly isolate: IsolatedVm.Isolate;
  readonly context: IsolatedVm.Context;

  constructor(ivm: typeof IsolatedVm, memoryMb: number) {
    this.memoryMb = memoryMb;
    // No onCatastrophicError: with it the thread would sleep for ever, without it the process aborts, and the parent
    // sees that at once.
    this.isolate = new ivm.Isolate({ memoryLimit: Math.max(memoryMbMin, memoryMb) });
    this.context = this.isolate.createContextSync();
    this.context.evalSync(removals);
  }
}

/**
 * One bundle in an isolate of its own. The guest is given strings and ArrayBuffers, by copy or by handing them over,
 * and nothing of isolated-vm: no Reference, no Callback, no promise. What it returns is copied.
 */
export class GuestIsolate {
  readonly #ivm: typeof IsolatedVm;
  readonly #isolate: IsolatedVm.Isolate;
  readonly #functions: Record<GuestFunction, IsolatedVm.Reference>;
  #kind: string | undefined;

  /**
   * Compiles and evaluates in a blank isolate, which is this one's from then on.
   * @throws GuestFault the bundle's own fault
   */
  constructor(
    ivm: typeof IsolatedVm,
    source: string,
    { isolate, context }: BlankIsolate,
    timeoutMs: number,
  ) {
    this.#ivm = ivm;
    this.#isolate = isolate;
    try {
      const script = this.#isolate.compileScriptSync(source, { filename: "bundle.js" });
      const guest: unknown = script.runSync(context, {
        timeout: timeoutMs,
        reference: true,
        release: true,
      });
      this.#functions = {
        describe: functionOf(ivm, guest, "describe"),
        load: functionOf(ivm, guest, "load"),
        evict: functionOf(ivm, guest, "evict"),
        run: functionOf(ivm, guest, "run"),
      };
    } catch (error) {
      const fault =
        error instanceof SyntaxError
          ? new GuestFault("bad-output", `the bundle does not parse: ${error.message}`)
          : faultOf(error, this.#isolate.isDisposed, timeoutMs);
      this.dispose();
      throw fault;
    }
  }

  /** JSON of a Description. @throws GuestFault */
  describe(timeoutMs: number): string {
    const described = this.#call("describe", [], timeoutMs);
    if (typeof described !== "string")
      throw new GuestFault("bad-output", "the bundle's description is not text");
    return described;
  }

  /** @throws GuestFault */
  load(key: string, meta: string, data: Argument, timeoutMs: number): void {
    this.#call("load", [key, meta, data], timeoutMs);
  }

  /** @throws GuestFault */
  evict(key: string, timeoutMs: number): void {
    this.#call("evict", [key], timeoutMs);
  }

  /** The reply as it came. @throws GuestFault */
  run(request: string, data: Argument | undefined, timeoutMs: number): unknown {
    return this.#call("run", data === undefined ? [request] : [request, data], timeoutMs);
  }

  /** The description's kind, asked for once. @throws GuestFault */
  kind(timeoutMs: number): string {
    if (this.#kind === undefined) {
      try {
        this.#kind = String((JSON.parse(this.describe(timeoutMs)) as { kind?: unknown }).kind);
      } catch (error) {
        if (error instanceof GuestFault) throw error;
        throw new GuestFault("bad-output", "the bundle's description is not JSON");
      }
    }
    return this.#kind;
  }

  dispose(): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }

  #call(name: GuestFunction, args: Argument[], timeoutMs: number): unknown {
    try {
      return this.#functions[name].applySync(
        undefined,
        args.map((argument) =>
          typeof argument === "string"
            ? argument
            : new this.#ivm.ExternalCopy(argument, { transferOut: true }).copyInto({
                release: true,
                transferIn: true,
              }),
        ),
        { timeout: timeoutMs, result: { copy: true } },
      );
    } catch (error) {
      throw faultOf(error, this.#isolate.isDisposed, timeoutMs);
    }
  }
}

function functionOf(
  ivm: typeof IsolatedVm,
  guest: unknown,
  name: GuestFunction,
): IsolatedVm.Reference {
  if (guest instanceof ivm.Reference && guest.typeof === "object") {
    const reference: unknown = guest.getSync(name, { reference: true });
    if (reference instanceof ivm.Reference && reference.typeof === "function") return reference;
  }
  throw new GuestFault("bad-output", `the bundle does not answer with a guest: no ${name}()`);
}
