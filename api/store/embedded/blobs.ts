import { randomUUID } from "node:crypto";
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { type Digest, digestPattern } from "../../../protocol/digest.ts";
import { GridError } from "../../../protocol/errors.ts";
import { shardBytesMax } from "../../../protocol/limits.ts";
import type { BlobStore } from "../port.ts";

/** Files removed at a time. */
const removalsMax = 16;

/**
 * Blobs as files, DATA_DIR/blobs/ab/<digest>. A file appears whole or not at all (written aside, then renamed); its
 * modification time is when it was last put. No fsync: a blob that a power cut took is a missing blob, which every
 * reader must handle anyway.
 * @throws GridError store-unavailable from every verb, when the disk fails
 */
export async function openFileBlobs(dataDir: string): Promise<BlobStore> {
  const root = join(dataDir, "blobs");
  const aside = join(root, "tmp");
  const folders = new Set<string>();
  /** A put and an idle removal of one blob keep apart: how many puts of it are under way, and its removal. */
  const puts = new Map<Digest, number>();
  const removals = new Map<Digest, Promise<boolean>>();
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });

  function pathOf(digest: Digest): string {
    if (!digestPattern.test(digest)) throw new GridError("bad-request", `not a digest: ${digest}`);
    return join(root, digest.slice(0, 2), digest);
  }

  async function has(digest: Digest): Promise<boolean> {
    return (await orMissing(stat(pathOf(digest)))) !== undefined;
  }

  async function put(digest: Digest, bytes: Uint8Array): Promise<"stored" | "exists"> {
    while (removals.has(digest)) await removals.get(digest);
    puts.set(digest, (puts.get(digest) ?? 0) + 1);
    try {
      return (await renew(pathOf(digest))) ? "exists" : await write(digest, bytes);
    } finally {
      const others = puts.get(digest)! - 1;
      if (others > 0) puts.set(digest, others);
      else puts.delete(digest);
    }
  }

  /** Makes an existing file new again. */
  function renew(path: string): Promise<boolean> {
    const now = new Date();
    return isThere(utimes(path, now, now));
  }

  async function write(digest: Digest, bytes: Uint8Array): Promise<"stored"> {
    const path = pathOf(digest);
    const folder = digest.slice(0, 2);
    const written = join(aside, randomUUID());
    try {
      if (!folders.has(folder)) await mkdir(join(root, folder), { recursive: true });
      folders.add(folder);
      await writeFile(written, bytes);
      await rename(written, path);
    } catch (cause) {
      folders.delete(folder);
      await rm(written, { force: true }).catch(() => {});
      throw unavailable(cause);
    }
    return "stored";
  }

  async function stream(digest: Digest): Promise<{ bytes: number; body: Readable } | undefined> {
    const file = await orMissing(open(pathOf(digest)));
    if (!file) return undefined;
    const { size } = await file.stat();
    // A shard is read in one piece: each further buffer is memory outside the heap, which makes the collector run.
    const highWaterMark = Math.max(Math.min(size, shardBytesMax), 1);
    return { bytes: size, body: file.createReadStream({ highWaterMark }) };
  }

  async function remove(digests: readonly Digest[]): Promise<void> {
    await inSlices(digests, (digest) => isThere(unlink(pathOf(digest))));
  }

  async function* list(): AsyncGenerator<Digest[]> {
    for (let folder = 0; folder < 256; folder++) {
      const name = folder.toString(16).padStart(2, "0");
      const names = (await orMissing(readdir(join(root, name)))) ?? [];
      const digests = names.filter((file) => digestPattern.test(file));
      if (digests.length > 0) yield digests;
    }
  }

  function removeIdle(digests: readonly Digest[], idleMs: number): Promise<number> {
    return inSlices(digests, async (digest) => {
      if (puts.has(digest) || removals.has(digest)) return false;
      const removal = removeOneIdle(pathOf(digest), idleMs);
      removals.set(digest, removal);
      try {
        return await removal;
      } finally {
        removals.delete(digest);
      }
    });
  }

  return {
    put,
    get: (digest) => orMissing(readFile(pathOf(digest))),
    stream,
    has,
    remove,
    list,
    removeIdle,
  };
}

async function removeOneIdle(path: string, idleMs: number): Promise<boolean> {
  const found = await orMissing(stat(path));
  if (!found || Date.now() - Math.floor(found.mtimeMs) < idleMs) return false;
  return isThere(unlink(path));
}

/** Returns for how many the work was true. */
async function inSlices(
  digests: readonly Digest[],
  work: (digest: Digest) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  for (let at = 0; at < digests.length; at += removalsMax) {
    const outcomes = await Promise.all(digests.slice(at, at + removalsMax).map(work));
    count += outcomes.filter(Boolean).length;
  }
  return count;
}

/** Whether the file of an operation was there. */
async function isThere(operation: Promise<void>): Promise<boolean> {
  return (await orMissing(operation.then(() => true))) === true;
}

async function orMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unavailable(cause);
  }
}

function unavailable(cause: unknown): GridError {
  return new GridError("store-unavailable", "The store's disk failed", {}, { cause });
}
