import { Readable } from "node:stream";
import type { Digest } from "../../../protocol/digest.ts";
import { shardBytesMax } from "../../../protocol/limits.ts";
import type { BlobStore } from "../port.ts";
import type { Connection } from "./connection.ts";
import { blobKey, blobKeys, blobOfKey } from "./keys.ts";
import { scanKeys } from "./scan.ts";

/** From this size on it is cheaper to ask first whether the blob is there than to send it for nothing. */
const askFirstBytes = 16 * 1024;
/** A shard comes in one piece. */
const streamChunkBytes = shardBytesMax;
const removalsMax = 256;

/** Blobs as strings, spread over the cluster by their digests. */
export function redisBlobs(connection: Connection): BlobStore {
  async function has(digest: Digest): Promise<boolean> {
    return (await connection.text("exists", blobKey(digest))) === 1;
  }

  async function put(digest: Digest, bytes: Uint8Array): Promise<"stored" | "exists"> {
    const key = blobKey(digest);
    const renew = async () => (await connection.call("renew_blob", key, [])) === "1";
    if (bytes.byteLength >= askFirstBytes && (await renew())) return "exists";
    for (;;) {
      const reply = await connection.text("set", key, bytes, "NX");
      if (reply !== null) return "stored";
      // It may be removed between the two commands: then it is stored after all.
      if (await renew()) return "exists";
    }
  }

  async function get(digest: Digest): Promise<Buffer | undefined> {
    return ((await connection.bytes("get", blobKey(digest))) as Buffer | null) ?? undefined;
  }

  async function stream(digest: Digest): Promise<{ bytes: number; body: Readable } | undefined> {
    const key = blobKey(digest);
    const bytes = (await connection.text("strlen", key)) as number;
    if (bytes === 0 && !(await has(digest))) return undefined;
    async function* slices() {
      for (let at = 0; at < bytes; at += streamChunkBytes)
        yield (await connection.bytes("getrange", key, at, at + streamChunkBytes - 1)) as Buffer;
    }
    return { bytes, body: Readable.from(slices(), { objectMode: false }) };
  }

  async function remove(digests: readonly Digest[]): Promise<void> {
    for (let at = 0; at < digests.length; at += removalsMax) {
      const slice = digests.slice(at, at + removalsMax);
      await Promise.all(slice.map((digest) => connection.text("unlink", blobKey(digest))));
    }
  }

  async function* list(): AsyncGenerator<Digest[]> {
    for await (const keys of scanKeys(connection, blobKeys)) yield keys.map(blobOfKey);
  }

  async function removeIdle(digests: readonly Digest[], idleMs: number): Promise<number> {
    let count = 0;
    for (let at = 0; at < digests.length; at += removalsMax) {
      const slice = digests.slice(at, at + removalsMax);
      const removed = await Promise.all(
        slice.map((digest) => connection.call("remove_idle_blob", blobKey(digest), [idleMs])),
      );
      count += removed.filter((reply) => reply === "1").length;
    }
    return count;
  }

  return { put, get, stream, has, remove, list, removeIdle };
}
