import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { type Digest, digestPattern } from "../../../protocol/digest.ts";
import { GridError } from "../../../protocol/errors.ts";
import type { BlobStore } from "../port.ts";

/** Files removed at a time. */
const removalsMax = 16;

/**
 * Blobs as files, DATA_DIR/blobs/ab/<digest>. A file appears whole or not at all (written aside, then renamed). No
 * fsync: a blob that a power cut took is a missing blob, which every reader must handle anyway.
 * @throws GridError store-unavailable from every verb, when the disk fails
 */
export async function openFileBlobs(dataDir: string): Promise<BlobStore> {
  const root = join(dataDir, "blobs");
  const aside = join(root, "tmp");
  const folders = new Set<string>();
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
    if (await has(digest)) return "exists";
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
    return { bytes: size, body: file.createReadStream({ highWaterMark: 256 * 1024 }) };
  }

  async function remove(digests: readonly Digest[]): Promise<void> {
    for (let at = 0; at < digests.length; at += removalsMax) {
      const slice = digests.slice(at, at + removalsMax);
      await Promise.all(slice.map((digest) => orMissing(unlink(pathOf(digest)))));
    }
  }

  return { put, get: (digest) => orMissing(readFile(pathOf(digest))), stream, has, remove };
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
