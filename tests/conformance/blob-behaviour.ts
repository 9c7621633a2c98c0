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

  test("every blob is listed", async () => {
    const { blobs } = store();
    const all = Array.from({ length: 3000 }, (_, i) => Buffer.from(`listed ${i}`));
    const digests = all.map(digestOf);
    await Promise.all(all.map((blob, i) => blobs.put(digests[i]!, blob)));
    const listed = new Set((await Array.fromAsync(blobs.list())).flat());
    expect(new Set(digests).difference(listed)).toEqual(new Set());
    await blobs.remove(digests);
    const left = new Set((await Array.fromAsync(blobs.list())).flat());
    expect(new Set(digests).intersection(left)).toEqual(new Set());
  });

  test.each([10, 20_000])("a blob of %i bytes is idle until it is put again", async (bytes) => {
    const { blobs } = store();
    const [idle, again] = [randomBytes(bytes), randomBytes(bytes)];
    const digests = [digestOf(idle), digestOf(again)];
    await blobs.put(digests[0]!, idle);
    await blobs.put(digests[1]!, again);
    expect(await blobs.removeIdle(digests, 60_000)).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(await blobs.put(digests[1]!, again)).toBe("exists");
    expect(await blobs.removeIdle([...digests, digestOf("never there")], 1000)).toBe(1);
    expect(await blobs.has(digests[0]!)).toBe(false);
    expect(await blobs.has(digests[1]!)).toBe(true);
    expect(await blobs.put(digests[0]!, idle)).toBe("stored");
  });

  test("a put that was answered is not undone by a removal of idle blobs", async () => {
    const { blobs } = store();
    const blob = randomBytes(50_000);
    const digest = digestOf(blob);
    await blobs.put(digest, blob);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    // Whichever comes first: removed and stored again, or renewed and kept.
    for (let round = 0; round < 50; round++) {
      await Promise.all([
        blobs.removeIdle([digest], 2000),
        blobs.put(digest, blob),
        blobs.removeIdle([digest], 2000),
        blobs.put(digest, blob),
      ]);
      expect(await blobs.has(digest)).toBe(true);
    }
  });

  test("users of a store see each other for a while", async () => {
    const mine = { catalog: "cat_1", process: "p1" };
    const other = { catalog: "cat_2", process: "p2" };
    expect(await store().present(mine, 1000, 5000)).toEqual([]);
    const seen = [{ ...mine, seenAtMs: 1000 }];
    expect(await store().present(other, 2000, 5000)).toEqual(shared ? seen : []);
    expect(await store().present(other, 6001, 5000)).toEqual([]);
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
