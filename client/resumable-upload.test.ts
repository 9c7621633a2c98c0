import { randomInt } from "node:crypto";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type CuttingProxy, startCuttingProxy } from "../api/testing/cutting-proxy.ts";
import { startTestApi, type TestApi, type TestMember } from "../api/testing/test-api.ts";
import { type Client, createClient, type Dataset } from "./index.ts";
import { uploadResumably } from "./resumable-upload.ts";
import { retryPolicyDefault } from "./retry.ts";
import { Transport } from "./transport.ts";

let api: TestApi;
let ada: TestMember;
let proxy: CuttingProxy;
let direct: Client;
let through: Client;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.member("ada");
  proxy = await startCuttingProxy(api.url);
  direct = createClient({ url: api.url, key: ada.key });
  through = createClient({ url: proxy.url, key: ada.key });
});
beforeEach(() => proxy.cutAfter(undefined));
afterAll(async () => {
  await proxy.stop();
  await api.end();
});

/** Mulberry32: the same bytes and cuts from the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
const random = randomFrom(seed);
const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => `row ${i},${random()}`).join("\n");
const data = Buffer.from(`name,value\n${rows(250_000)}\n`);

async function datasets(client: Client): Promise<Dataset[]> {
  return Array.fromAsync(client.datasets.list());
}

test.each([
  ["as it is", data, undefined],
  ["compressed", gzipSync(data), "gzip" as const],
])(
  `what is sent over many broken connections is what was sent, %s (seed ${seed})`,
  async (_, bytes, contentEncoding) => {
    const options = { format: "csv" as const, contentEncoding };
    const whole = await direct.datasets.upload(bytes, { ...options, name: "whole" });
    const cutsBefore = proxy.cuts();
    const sentBefore = proxy.sentBytes();
    proxy.cutAfter(() => Math.floor((0.05 + random() * 0.3) * bytes.byteLength));
    const resumed: number[] = [];
    let last = 0;
    const broken = await through.datasets.upload(bytes, {
      ...options,
      name: "broken",
      onResume: (from) => resumed.push(from),
      onProgress: (sent, total) => {
        expect(total).toBe(bytes.byteLength);
        last = sent;
      },
    });
    expect(broken).toMatchObject({ digest: whole.digest, records: 250_000, bytes: whole.bytes });
    expect(broken.id).not.toBe(whole.id);
    expect(last).toBe(bytes.byteLength);
    expect(proxy.cuts() - cutsBefore).toBeGreaterThanOrEqual(2);
    expect(resumed).toEqual(resumed.toSorted((a, b) => a - b));
    expect(resumed.at(-1)).toBeGreaterThan(bytes.byteLength / 3);
    // What was underway when a connection broke is sent twice, not the whole.
    expect(proxy.sentBytes() - sentBefore).toBeLessThan(bytes.byteLength * 1.8);
    expect(api.deps.uploads.size).toBe(0);
  },
);

test("an error in the data is told, however often the connection broke before", async () => {
  const bad = Buffer.concat([data, Buffer.from("a,b,c\n")]);
  let cutsLeft = 2;
  proxy.cutAfter(() => (cutsLeft-- > 0 ? bad.byteLength / 3 : Number.POSITIVE_INFINITY));
  await expect(through.datasets.upload(bad, { format: "csv" })).rejects.toMatchObject({
    code: "malformed-record",
    details: { line: 250_002 },
  });
});

test("an upload whose server forgot it begins anew, and is one dataset", async () => {
  const before = (await datasets(direct)).length;
  let cutsLeft = 1;
  proxy.cutAfter(() => (cutsLeft-- > 0 ? data.byteLength / 2 : Number.POSITIVE_INFINITY));
  const resumed: number[] = [];
  const uploading = through.datasets.upload(data, {
    format: "csv",
    onResume: (from) => resumed.push(from),
  });
  await expect.poll(() => api.deps.uploads.size).toBe(1);
  // As a restart would.
  const forgetting = setInterval(() => {
    if (proxy.cuts() > 0) api.deps.uploads.close();
  }, 1);
  const done = uploading.finally(() => clearInterval(forgetting));
  await expect.poll(() => resumed.length).toBeGreaterThan(0);
  clearInterval(forgetting);
  expect((await done).records).toBe(250_000);
  expect(resumed[0]).toBe(0);
  expect((await datasets(direct)).length).toBe(before + 1);
});

test("a connection that falls silent is given up, and the next one goes on", async () => {
  const transport = new Transport({
    ...{ url: proxy.url, key: ada.key, fetch, requestTimeoutMs: 30_000 },
    retry: retryPolicyDefault,
  });
  const resumed: number[] = [];
  let sent = 0;
  const body = (from: number) => {
    async function* pieces() {
      for (sent = from; sent < data.byteLength; ) {
        const piece = data.subarray(sent, sent + 65_536);
        if (sent > data.byteLength / 2 && resumed.length === 0) proxy.freeze();
        yield piece;
        sent += piece.byteLength;
        await sleep(1);
      }
    }
    return ReadableStream.from(pieces());
  };
  const stored = await uploadResumably(transport, {
    ...{ query: { format: "csv" }, contentEncoding: undefined, bytes: data.byteLength, body },
    sent: () => sent,
    onResume: (from) => resumed.push(from),
    signal: undefined,
    stalledMs: 500,
  });
  expect(stored.records).toBe(250_000);
  expect(resumed[0]).toBeGreaterThan(data.byteLength / 4);
});

test("who aborts leaves nothing behind", async () => {
  const controller = new AbortController();
  const uploading = through.datasets.upload(data, {
    format: "csv",
    signal: controller.signal,
    onProgress: (sent) => {
      if (sent > data.byteLength / 4) controller.abort(new Error("enough"));
    },
  });
  await expect(uploading).rejects.toThrow("enough");
  await expect.poll(() => api.deps.uploads.size).toBe(0);
});

// ── what the server says to those who do it by hand ──────────────────────────────────────────────────────────────

const status = (key: string, who: TestMember = ada) =>
  who.json<{ complete: boolean; offset?: number; busy?: boolean; code?: string }>(
    `/v1/datasets/uploads/${key}`,
  );

const goOn = (key: string, offset: number, body: string, more: Record<string, string> = {}) =>
  ada.json<Dataset & { code: string }>(`/v1/datasets/uploads/${key}`, {
    method: "PATCH",
    headers: {
      "upload-offset": String(offset),
      "content-type": "application/partial-upload",
      ...more,
    },
    body,
  });

/** Begins an upload of so many bytes; `send` writes more, `cut` breaks the connection. */
async function begin(key: string, bytes: number, start: string) {
  const { hostname, port } = new URL(api.url);
  const headers = {
    "idempotency-key": key,
    "content-length": bytes,
    authorization: `Bearer ${ada.key}`,
  };
  const path = "/v1/datasets?format=lines&name=by-hand";
  const sent = request({ hostname, port, method: "POST", path, headers });
  sent.on("error", () => {});
  sent.write(start);
  await expect.poll(async () => (await status(key)).body.offset).toBe(start.length);
  return {
    async cut() {
      sent.destroy();
      await expect.poll(async () => (await status(key)).body.busy).toBe(false);
    },
  };
}

test("another offset than the server's is refused with the right one; so is a wrong length", async () => {
  const upload = await begin("offsets", 10, "a\nb\n");
  await upload.cut();
  const wrong = await goOn("offsets", 3, "\nc\nd\ne\n");
  expect([wrong.status, wrong.body.code, wrong.headers.get("upload-offset")]).toEqual([
    409,
    "conflict",
    "4",
  ]);
  expect((await goOn("offsets", 4, "c\n")).status).toBe(400);
  expect((await goOn("offsets", 4, "c\nd\ne\nf\n")).status).toBe(400);
  const none = await ada.json("/v1/datasets/uploads/offsets", { method: "PATCH", body: "c\n" });
  expect(none.status).toBe(400);
  const head = await ada.ask("/v1/datasets/uploads/offsets", { method: "HEAD" });
  expect([head.headers.get("upload-offset"), head.headers.get("upload-complete")]).toEqual([
    "4",
    "?0",
  ]);
  const part = await ada.ask("/v1/datasets/uploads/offsets", {
    method: "PATCH",
    headers: { "upload-offset": "4", "upload-complete": "?0" },
    body: "c\n",
  });
  expect([part.status, part.headers.get("upload-offset")]).toEqual([204, "6"]);
  const done = await goOn("offsets", 6, "d\ne\n");
  expect([done.status, done.body.records]).toEqual([201, 5]);
  expect((await status("offsets")).body).toEqual({ complete: true });
  const again = await goOn("offsets", 10, "");
  expect([again.status, again.body.id, again.headers.get("idempotent-replayed")]).toEqual([
    201,
    done.body.id,
    "true",
  ]);
});

test("two tabs with one key: the second waits for the first, or takes over when that one is silent", async () => {
  await begin("tabs", 6, "a\nb\n");
  expect((await status("tabs")).body).toEqual({ complete: false, offset: 4, busy: true });
  const early = await goOn("tabs", 4, "c\n");
  expect([early.status, early.body.code]).toEqual([429, "too-many-requests"]);
  await expect.poll(async () => (await status("tabs")).body.busy, { timeout: 10_000 }).toBe(false);
  const done = await goOn("tabs", 4, "c\n");
  expect([done.status, done.body.records]).toEqual([201, 3]);
});

test("uploads are their owner's alone; one that nobody knows is not found; one that is given up neither", async () => {
  const bob = await api.member("bob");
  const upload = await begin("mine", 6, "a\n");
  await upload.cut();
  expect((await status("mine", bob)).status).toBe(404);
  expect((await status("nothing")).body.code).toBe("not-found");
  expect((await ada.ask("/v1/datasets/uploads/mine", { method: "DELETE" })).status).toBe(204);
  expect((await status("mine")).status).toBe(404);
});

test("few uploads of an account wait for their next connection; the oldest are given up", async () => {
  for (let i = 0; i < 5; i++) {
    const upload = await begin(`many-${i}`, 6, "a\n");
    await upload.cut();
    await sleep(2);
  }
  const found = await Promise.all(
    [0, 1, 2, 3, 4].map(async (i) => (await status(`many-${i}`)).status),
  );
  expect(found).toEqual([404, 404, 200, 200, 200]);
  expect(api.deps.uploads.size).toBe(3);
});
