import type IsolatedVm from "isolated-vm";
import type { ToExecutor } from "../messages-in.ts";
import { ackAfterMs, type FromExecutor } from "../messages-out.ts";
import { faultOf, GuestFault } from "./faults.ts";
import { BlankIsolate, GuestIsolate } from "./guest-isolate.ts";
import type { BlockingFrameWriter, Incoming } from "./pipe.ts";
import { runPart } from "./run-part.ts";

interface OpenBundle {
  /** The isolate, or why there is none: told with the first request. */
  isolate: GuestIsolate | GuestFault;
  timeoutMs: number;
}

/** Everything the child does: one message after another. What stays open and resident is the parent's decision. */
export class Host {
  readonly #ivm: typeof IsolatedVm;
  readonly #writer: BlockingFrameWriter;
  readonly #bundles = new Map<string, OpenBundle>();
  /** Ready for the next bundle, so that a function's first task does not wait for it. */
  #blank: BlankIsolate | undefined;
  /** What the last bundle asked for: the next one probably does too. None before the first. */
  #blankMemoryMb: number | undefined;
  #seq = 0;
  #toldSeq = 0;
  #toldAtMs = performance.now();
  /** The run of which a request has failed. */
  #stoppedRun = -1;

  constructor(ivm: typeof IsolatedVm, writer: BlockingFrameWriter) {
    this.#ivm = ivm;
    this.#writer = writer;
  }

  handle({ message, payloads }: Incoming): void {
    const request = message as ToExecutor;
    const awaited = request.type === "run" || request.type === "describe";
    if (awaited || performance.now() - this.#toldAtMs >= ackAfterMs) this.settle();
    this.#seq = request.seq;
    try {
      this.#dispatch(request, payloads);
    } catch (error) {
      const fault = faultOf(error, false, 0);
      this.#tell({
        type: "failed",
        seq: request.seq,
        code: fault.code,
        name: fault.guestName,
        message: fault.message,
        ...(fault.guestStack !== undefined && { stack: fault.guestStack }),
        fatal: fault.fatal,
      });
    }
  }

  /** Says how far it has come, unless an answer has told. */
  settle(): void {
    if (this.#toldSeq < this.#seq) this.#tell({ type: "done", seq: this.#seq });
  }

  /** When nothing is asked: makes a blank isolate if the last one was used up. */
  prepare(): void {
    if (this.#blank === undefined && this.#blankMemoryMb !== undefined)
      this.#blank = new BlankIsolate(this.#ivm, this.#blankMemoryMb);
  }

  #dispatch(request: ToExecutor, payloads: Buffer<ArrayBuffer>[]): void {
    switch (request.type) {
      case "open":
        this.#open(request, payloads[0]?.toString("utf8") ?? "");
        return;
      case "load": {
        const bytes = payloads[0] ?? Buffer.allocUnsafeSlow(0);
        this.#quietly(request.bundle, (isolate, timeoutMs) => {
          const data = request.text ? bytes.toString("utf8") : bytes.buffer;
          isolate.load(request.key, request.meta, data, timeoutMs);
        });
        return;
      }
      case "evict":
        this.#quietly(request.bundle, (isolate, timeoutMs) =>
          isolate.evict(request.key, timeoutMs),
        );
        return;
      case "close": {
        const { isolate } = this.#bundle(request.bundle);
        if (isolate instanceof GuestIsolate) isolate.dispose();
        this.#bundles.delete(request.bundle);
        return;
      }
      case "describe": {
        const { isolate } = this.#bundle(request.bundle);
        if (isolate instanceof GuestFault) throw isolate;
        const description = Buffer.from(isolate.describe(request.timeoutMs));
        this.#tell({ type: "described", seq: request.seq }, [[description]]);
        return;
      }
      case "run": {
        if (request.run === this.#stoppedRun) return;
        // Its replies tell.
        this.#toldSeq = request.seq;
        const { isolate } = this.#bundle(request.bundle);
        if (isolate instanceof GuestFault && isolate.fatal) throw isolate;
        if (runPart(isolate, request, payloads, this.#writer) === "stopped")
          this.#stoppedRun = request.run;
        return;
      }
    }
  }

  #open(request: Extract<ToExecutor, { type: "open" }>, source: string): void {
    const { bundle, memoryMb, timeoutMs } = request;
    let isolate: GuestIsolate | GuestFault;
    try {
      isolate = new GuestIsolate(this.#ivm, source, this.#takeBlank(memoryMb), timeoutMs);
    } catch (error) {
      isolate = faultOf(error, false, timeoutMs);
    }
    this.#bundles.set(bundle, { isolate, timeoutMs });
    if (isolate instanceof GuestFault && isolate.fatal) throw isolate;
  }

  #takeBlank(memoryMb: number): BlankIsolate {
    const blank = this.#blank;
    this.#blank = undefined;
    this.#blankMemoryMb = memoryMb;
    if (blank?.memoryMb === memoryMb) return blank;
    blank?.isolate.dispose();
    return new BlankIsolate(this.#ivm, memoryMb);
  }

  /** Does what nobody waits for: a fault that leaves the process usable is told by the bundle's next run. */
  #quietly(name: string, act: (isolate: GuestIsolate, timeoutMs: number) => void): void {
    const bundle = this.#bundle(name);
    const { isolate } = bundle;
    if (!(isolate instanceof GuestIsolate)) return;
    try {
      act(isolate, bundle.timeoutMs);
    } catch (error) {
      const fault = faultOf(error, false, bundle.timeoutMs);
      if (fault.fatal) throw fault;
      isolate.dispose();
      bundle.isolate = fault;
    }
  }

  #bundle(name: string): OpenBundle {
    const bundle = this.#bundles.get(name);
    if (!bundle) throw new GuestFault("internal", `the bundle ${name} is not open`);
    return bundle;
  }

  #tell(message: Extract<FromExecutor, { seq: number }>, payloads: Uint8Array[][] = []): void {
    this.#toldSeq = message.seq;
    this.#toldAtMs = performance.now();
    this.#writer.write({ message, payloads });
  }
}
