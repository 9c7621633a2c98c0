import { LRUCache } from "lru-cache";
import { GridError } from "../protocol/errors.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import type { BlobClient } from "./blob-client.ts";
import { type CallLink, CallWork } from "./call-work.ts";
import type { JobLoader } from "./job-loader.ts";
import type { CallMessage } from "./messages.ts";
import { errorBodyOf } from "./outputs.ts";
import { learnMs } from "./work.ts";

const callsMax = 1024;
const nothing = new Uint8Array(0);

export interface CallDeskOptions {
  blobs: BlobClient;
  loader: JobLoader;
  send: (message: RunnerToGateway, payloads?: Uint8Array[]) => void;
  place: (work: CallWork) => void;
}

/** Synchronous calls, from their arrival until they are placed on a slot or cancelled. */
export class CallDesk {
  readonly #options: CallDeskOptions;
  readonly #calls = new Map<
    string,
    { name: string /** Absent while what it needs is fetched. */; work?: CallWork }
  >();
  readonly #callMs = new LRUCache<string, number>({ max: 1000 });
  readonly #link: CallLink;

  constructor(options: CallDeskOptions) {
    this.#options = options;
    this.#link = {
      send: options.send,
      expectedMs: (bundle) => this.#callMs.get(bundle),
      learn: (bundle, ms) => this.#callMs.set(bundle, learnMs(this.#callMs.get(bundle), ms)),
      ended: (call) => this.#calls.delete(call),
    };
  }

  /** @param refused why no call is taken now */
  take(message: CallMessage, payloads: Uint8Array[], refused: GridError | undefined): void {
    const { blobs, loader, send } = this.#options;
    const { call, bundle, blobToken } = message;
    const [input = nothing, carried] = payloads;
    if (carried) blobs.offer(bundle, carried);
    const full = this.#calls.size >= callsMax;
    const error =
      refused ??
      (full ? new GridError("queue-full", `the runner has ${callsMax} calls waiting`) : undefined);
    if (error) {
      send({ type: "callFailed", call, fuel: 0, error: error.toBody() });
      return;
    }
    const source = blobs.peek(bundle);
    const constants = loader.constantsNow(message.uses);
    if (source && constants) {
      this.#place(message, input, source, constants);
      return;
    }
    this.#calls.set(call, { name: nameOf(message) });
    Promise.all([blobs.get(bundle, blobToken), loader.constants(message.uses, blobToken)]).then(
      ([bytes, bound]) => {
        if (this.#calls.has(call)) this.#place(message, input, bytes, bound);
      },
      (error: unknown) => {
        if (this.#calls.delete(call))
          send({ type: "callFailed", call, fuel: 0, error: errorBodyOf(error) });
      },
    );
  }

  /** Calls that have not been answered, by function. */
  underWay(): { function: string; count: number }[] {
    const counts = new Map<string, number>();
    for (const { name } of this.#calls.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].map(([name, count]) => ({ function: name, count }));
  }

  cancel(call: string): void {
    this.#calls.get(call)?.work?.cancel();
    this.#calls.delete(call);
  }

  cancelAll(): void {
    for (const call of [...this.#calls.keys()]) this.cancel(call);
  }

  #place(message: CallMessage, input: Uint8Array, ...needs: CallNeeds): void {
    const [source, constants] = needs;
    const work = new CallWork(message, input, source, constants, this.#link);
    this.#calls.set(message.call, { name: nameOf(message), work });
    this.#options.place(work);
  }
}

function nameOf(message: CallMessage): string {
  return message.function ?? message.bundle.slice(0, 12);
}

type CallNeeds = [
  source: ConstructorParameters<typeof CallWork>[2],
  constants: ConstructorParameters<typeof CallWork>[3],
];
