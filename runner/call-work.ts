import type { ErrorBody } from "../protocol/errors.ts";
import { frameBytesMax, logLineCharsMax, logLinesPerTaskMax } from "../protocol/limits.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import type { ExecutorReply } from "../sandbox/port.ts";
import type { BoundConstants } from "./job-context.ts";
import type { CallMessage } from "./messages.ts";
import type { Unit } from "./units.ts";
import type { Work } from "./work.ts";

export interface CallLink {
  send(message: RunnerToGateway, payloads?: Uint8Array[]): void;
  /** How long a call of this bundle takes, ms, as far as is known. */
  expectedMs(bundle: string): number | undefined;
  learn(bundle: string, ms: number): void;
  ended(call: string): void;
}

/** A synchronous invoke as work for a slot: one unit, answered as soon as it is done. */
export class CallWork implements Work {
  readonly id: string;
  readonly owner: string;
  readonly bundle: string;
  readonly source: Buffer;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly blobToken: string;
  readonly urgent = true;
  readonly keepsShards = true;
  readonly constants: Work["constants"];
  readonly requestBytes = 512;
  readonly units: readonly Unit[];
  readonly held = new Map<string, Uint8Array>();
  readonly fetching = new Set<string>();
  readonly lost = new Map<string, ErrorBody>();
  next = 0;
  ended = false;
  slot: Work["slot"] = undefined;
  readonly #link: CallLink;

  constructor(
    call: CallMessage,
    input: Uint8Array,
    source: Buffer,
    { constants, uses }: BoundConstants,
    link: CallLink,
  ) {
    this.id = call.call;
    this.owner = call.owner;
    this.bundle = call.bundle;
    this.source = source;
    this.memoryMb = call.limits.memoryMb;
    this.timeoutMs = call.limits.timeoutMs;
    this.blobToken = call.blobToken;
    this.constants = constants;
    this.units = [
      {
        lo: 0,
        hi: 1,
        request: {
          job: { ...call.guest, uses },
          fuelMax: call.limits.fuelPerTask,
          ...(call.entry ? { entry: call.entry } : { entry: "invoke", roundsMax: call.roundsMax }),
        },
        weight: 1,
        shards: [],
        parts: [input],
        separator: "",
      },
    ];
    this.#link = link;
  }

  expectedMs(): number | undefined {
    return this.#link.expectedMs(this.bundle);
  }

  backlogMs(): number | undefined {
    return this.next > 0 ? 0 : this.expectedMs();
  }

  answered(unit: Unit, { header, body, hashes, ms }: ExecutorReply): void {
    this.#link.learn(this.bundle, ms);
    if (body.byteLength > frameBytesMax / 2) {
      const message = `the answer of ${body.byteLength} bytes is too large for a direct call`;
      this.failed(unit, { code: "output-too-large", message }, header.fuel);
      return;
    }
    this.ended = true;
    const logs = header.logs
      ?.slice(0, logLinesPerTaskMax)
      .map((line) => line.slice(0, logLineCharsMax));
    this.#link.send(
      {
        type: "called",
        call: this.id,
        fuel: header.fuel,
        hash: hashes[0]!,
        ms,
        ...(logs?.length && { logs }),
      },
      [body],
    );
    this.#link.ended(this.id);
  }

  failed(_unit: Unit, error: ErrorBody, fuel: number): void {
    if (this.ended) return;
    this.ended = true;
    this.#link.send({ type: "callFailed", call: this.id, fuel, error });
    this.#link.ended(this.id);
  }

  cancel(): void {
    if (this.ended) return;
    this.ended = true;
    this.#link.ended(this.id);
  }
}
