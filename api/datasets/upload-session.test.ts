import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { UploadSession } from "./upload-session.ts";
import { idlePerAccountMax, UploadSessions } from "./upload-sessions.ts";

const chunkBytes = 64 * 1024;
const whole = async (body: Readable) => (await buffer(body)).toString();
const about = { totalBytes: undefined, clock: Date.now, onIdle: () => {}, onOver: () => {} };

async function* text(...pieces: string[]) {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function* breaking(piece: string) {
  yield Buffer.from(piece);
  throw new Error("gone");
}

test("what one connection after the other brings is one stream", async () => {
  const session = new UploadSession({ ...about, store: whole });
  await expect(session.receive(breaking("ab"))).rejects.toThrow("gone");
  expect([session.offset, session.isBusy]).toEqual([2, false]);
  await session.receive(text("c"), { last: false });
  expect(await session.receive(text("d", "ef"))).toBe("abcdef");
  expect(session.offset).toBe(6);
});

test("no more is taken than is stored, whatever comes", async () => {
  let read = 0;
  let proceed = () => {};
  const mayRead = new Promise<void>((resolve) => {
    proceed = resolve;
  });
  const session = new UploadSession({
    ...about,
    async store(body) {
      await mayRead;
      for await (const chunk of body) read += (chunk as Buffer).byteLength;
      return read;
    },
  });
  let pulled = 0;
  async function* endless() {
    for (; pulled < 1_000; pulled++) yield Buffer.alloc(chunkBytes);
  }
  const received = session.receive(endless());
  await sleep(50);
  expect(pulled * chunkBytes).toBeLessThan(512 * 1024);
  proceed();
  expect(await received).toBe(1_000 * chunkBytes);
});

test("a failure of storing ends the wait for the next bytes, and every later connection", async () => {
  const session = new UploadSession<string>({
    ...about,
    store: async () => {
      await sleep(20);
      throw new Error("malformed");
    },
  });
  const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  await expect(session.receive(silent)).rejects.toThrow("malformed");
  await expect(session.receive(text("a"))).rejects.toThrow("malformed");
});

test("a connection that is silent for long gives way; one that was just heard does not", async () => {
  let nowMs = 0;
  const session = new UploadSession({ ...about, store: whole, clock: () => nowMs });
  async function* silent() {
    yield Buffer.from("a");
    await new Promise(() => {});
  }
  const first = session.receive(silent());
  await expect.poll(() => session.offset).toBe(1);
  session.dropStalled();
  await expect(session.receive(text("b"))).rejects.toMatchObject({ code: "too-many-requests" });
  nowMs += 3_000;
  session.dropStalled();
  await expect(first).rejects.toMatchObject({ code: "upload-incomplete" });
  expect(await session.receive(text("b"))).toBe("ab");
});

test("an upload with which nobody goes on is given up; so are the oldest of too many", async () => {
  const sessions = new UploadSessions<string>({ clock: Date.now, idleMs: 500 });
  for (let i = 0; i <= idlePerAccountMax; i++) {
    const begun = { account: "ada", key: `${i}`, totalBytes: undefined };
    await sessions
      .begin(begun, whole)
      .receive(breaking("a"))
      .catch(() => {});
    await sleep(2);
  }
  expect(sessions.find("ada", "0")).toBeUndefined();
  expect(sessions.find("ada", "1")).toBeDefined();
  expect(sessions.find("bob", "1")).toBeUndefined();
  await expect.poll(() => sessions.size).toBe(0);
});

test("the same key again begins anew, unless it is under way", async () => {
  const sessions = new UploadSessions<string>({ clock: Date.now });
  const begun = { account: "ada", key: "k", totalBytes: undefined };
  await sessions
    .begin(begun, whole)
    .receive(breaking("old"))
    .catch(() => {});
  expect(await sessions.begin(begun, whole).receive(text("new"))).toBe("new");
  expect(sessions.size).toBe(0);
  void sessions.begin(begun, whole).receive(text("a"), { last: false });
  expect(() => sessions.begin(begun, whole)).toThrow(/another connection/);
  await expect.poll(() => sessions.find("ada", "k")?.isBusy).toBe(false);
  sessions.close();
  expect(sessions.size).toBe(0);
});
