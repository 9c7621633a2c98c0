import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import type { Context } from "./context.ts";

export function blobBehaviour({ store, open, shared }: Context): void {
  test.each([0, 1, 1000, 1024 * 1024, 3 * 1024 * 1024 + 1])(
    "a blob of %i bytes is stored once and read whole or as a stream",
    async (bytes) => {
      const { blobs } = store();
      const blob = randomBytes(bytes);
      const digest = digestOf(blob);
      await blobs.remove([digest]);
      expect(await blobs.has(digest)).toBe(false);
      expect(await blobs.get(digest)).toBeUndefined();
      expect(await blobs.stream(digest)).toBeUndefined();
      expect(await blobs.put(digest, new Uint8Array(blob))).toBe("stored");
      expect(await blobs.put(digest, blob)).toBe("exists");
      expect(await blobs.has(digest)).toBe(true);
      expect((await blobs.get(digest))?.equals(blob)).toBe(true);
      const streamed = await blobs.stream(digest);
      expect(streamed?.bytes).toBe(bytes);
      expect((await buffer(streamed!.body)).equals(blob)).toBe(true);
    },
  );

  test("many blobs are removed at once, missing ones ignored", async () => {
    const { blobs } = store();
    const all = Array.from({ length: 300 }, (_, i) => Buffer.from(`blob ${i}`));
    const digests = all.map(digestOf);
    await Promise.all(all.map((blob, i) => blobs.put(digests[i]!, blob)));
    await blobs.remove([...digests.slice(1), digestOf("never there")]);
    expect(await blobs.has(digests[0]!)).toBe(true);
    const left = await Promise.all(digests.slice(1).map((digest) => blobs.has(digest)));
    expect(left).not.toContain(true);
  });

  test("a secret is made once and is the same for every process", async () => {
    const secret = await store().secret("tokens");
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(await store().secret("tokens")).toBe(secret);
    expect(await store().secret("other")).not.toBe(secret);
    if (!shared) return;
    const other = await open();
    expect(await other.secret("tokens")).toBe(secret);
    await other.close();
  });

  test("the store answers a ping", async () => {
    expect(await store().ping()).toBe("ok");
  });
}
