import { afterEach, expect, it } from "vitest";
import { digestOf } from "../protocol/digest.ts";
import { BlobClient, type BlobClientOptions } from "./blob-client.ts";
import { ScriptedGateway, type ScriptedGatewayOptions } from "./testing/scripted-gateway.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function setUp(
  gatewayOptions: ScriptedGatewayOptions = {},
  options: Partial<BlobClientOptions> = {},
): Promise<{ gateway: ScriptedGateway; blobs: BlobClient }> {
  const gateway = await ScriptedGateway.start(gatewayOptions);
  // No jitter: a retry comes at once.
  const blobs = new BlobClient({ url: gateway.url, random: () => 0, ...options });
  cleanUps.push(() => gateway.close());
  cleanUps.push(() => blobs.close());
  return { gateway, blobs };
}

it("fetches a blob once for all who ask, with the token, and keeps it", async () => {
  const { gateway, blobs } = await setUp();
  const digest = gateway.blob("hello");
  expect(blobs.peek(digest)).toBeUndefined();
  const all = await Promise.all([blobs.get(digest, "t1"), blobs.get(digest, "t1")]);
  expect(all.map(String)).toEqual(["hello", "hello"]);
  expect(String(blobs.peek(digest))).toBe("hello");
  await blobs.get(digest, "t1");
  expect(gateway.blobRequests).toEqual([{ method: "GET", digest, token: "t1" }]);
});

it("does not believe bytes that are not what the digest names", async () => {
  const { gateway, blobs } = await setUp({}, { attemptsMax: 3 });
  const digest = digestOf("wanted");
  gateway.blobs.set(digest, Buffer.from("forged"));
  await expect(blobs.get(digest, "t")).rejects.toMatchObject({ code: "runner-fault" });
  expect(gateway.blobRequests).toHaveLength(3);
  expect(blobs.peek(digest)).toBeUndefined();
});

it("tries again after a passing fault, and not after a lasting one", async () => {
  const answers = [503, 500, undefined];
  const { gateway, blobs } = await setUp({ onBlob: () => answers.shift() });
  const digest = gateway.blob("x");
  expect(String(await blobs.get(digest, "t"))).toBe("x");
  expect(gateway.blobRequests).toHaveLength(3);

  await expect(blobs.get(digestOf("none"), "t")).rejects.toMatchObject({ code: "blob-missing" });
  expect(gateway.blobRequests).toHaveLength(4);
  answers.push(403);
  await expect(blobs.get(digestOf("y"), "t")).rejects.toMatchObject({ code: "unauthorized" });
});

it("gives up after a bounded number of tries, and a later ask tries anew", async () => {
  let down = true;
  const { gateway, blobs } = await setUp(
    { onBlob: () => (down ? 503 : undefined) },
    { attemptsMax: 2 },
  );
  const digest = gateway.blob("x");
  await expect(blobs.get(digest, "t")).rejects.toMatchObject({ code: "store-unavailable" });
  down = false;
  expect(String(await blobs.get(digest, "t"))).toBe("x");
});

it("keeps its memory within the bound", async () => {
  const { gateway, blobs } = await setUp({}, { cacheBytesMax: 3000 });
  const digests = [1, 2, 3].map((fill) => gateway.blob(Buffer.alloc(1000, fill)));
  for (const digest of digests) await blobs.get(digest, "t");
  expect(digests.map((digest) => blobs.peek(digest) !== undefined)).toEqual([false, true, true]);
});

it("never has more than its sockets in flight", async () => {
  const { gateway, blobs } = await setUp({}, { socketsMax: 2 });
  const digests = Array.from({ length: 12 }, (_, i) => gateway.blob(`blob ${i}`));
  await Promise.all(digests.map((digest) => blobs.get(digest, "t")));
  expect(gateway.blobRequests).toHaveLength(12);
  expect(gateway.blobsOpenMost).toBeLessThanOrEqual(2);
});

it("stores outputs", async () => {
  const { gateway, blobs } = await setUp();
  const bytes = Buffer.alloc(300_000, 7);
  await blobs.put(digestOf(bytes), "t", bytes);
  expect(gateway.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
});

it("a closed client ends what waits", async () => {
  const { gateway, blobs } = await setUp({ onBlob: () => 503 }, { random: () => 1 });
  const waiting = blobs.get(gateway.blob("x"), "t");
  setTimeout(() => blobs.close(), 50);
  await expect(waiting).rejects.toThrow();
});
