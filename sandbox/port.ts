import type { GridError } from "../protocol/errors.ts";
import type { ConstantMeta, GuestReply, GuestRequest, ShardMeta } from "../protocol/guest.ts";

/**
 * What a supervisor (or the API's inspector) can ask of one executor: a child process under Node's permission model,
 * with one isolate per bundle. See sandbox/README in ARCHITECTURE.md.
 */
export interface Executor {
  readonly pid: number;
  /** Digests resident in each open bundle's isolate; the parent decides what stays. */
  open(bundle: string, source: string | Buffer, options: { memoryMb: number }): void;
  isOpen(bundle: string): boolean;
  /** Makes a blob resident. `bytes` are decoded to a string by the child for text formats and JSON. */
  load(bundle: string, key: string, meta: ShardMeta | ConstantMeta, bytes: Uint8Array): void;
  isResident(bundle: string, key: string): boolean;
  evict(bundle: string, key: string): void;
  close(bundle: string): void;
  /** JSON of a Description. @throws GridError */
  describe(bundle: string, options: { timeoutMs: number }): Promise<string>;
  /**
   * Runs requests in order in one trip and answers each as it ends. A guest's own error ends the batch; a timeout, an
   * out-of-memory or a crash kills the executor and rejects with a typed GridError.
   */
  run(
    bundle: string,
    requests: readonly ExecutorRequest[],
    options: {
      timeoutMs: number;
      onReply: (index: number, reply: ExecutorReply) => void;
      signal?: AbortSignal;
    },
  ): Promise<void>;
  /** Kills the process. Everything pending rejects. Idempotent. */
  kill(reason: GridError): void;
  /** Resolves once the process is gone. */
  readonly exited: Promise<void>;
}

export interface ExecutorRequest {
  request: GuestRequest;
  data?: Uint8Array;
}

export interface ExecutorReply {
  header: GuestReply;
  /** Opaque output bytes: UTF-8 of a string body, or the bytes as they are. */
  body: Uint8Array;
  /**
   * SHA-256 of each output: of the body; of each line (without its newline) for a mapReduce map; of each partial for
   * partials. `sizes` are their byte lengths, in order.
   */
  hashes: string[];
  sizes: number[];
  /** Compute time in the child, ms. */
  ms: number;
}
