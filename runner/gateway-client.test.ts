import { createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import type { GridError } from "../protocol/errors.ts";
import type { GatewayToRunner } from "../protocol/gateway-to-runner.ts";
import { protocolVersion } from "../protocol/limits.ts";
import { GatewayClient } from "./gateway-client.ts";
import { ScriptedGateway, type ScriptedGatewayOptions } from "./testing/scripted-gateway.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Log {
  messages: GatewayToRunner[];
  welcomes: number;
  lost: string[];
  refused: GridError[];
  waits: number[];
}

function connect(url: string, token = "token", random = Math.random): [GatewayClient, Log] {
  const log: Log = { messages: [], welcomes: 0, lost: [], refused: [], waits: [] };
  const client = new GatewayClient({
    url,
    token,
    random,
    hello: () => ({
      runner: "run_1",
      name: "test",
      version: "1",
      hostClass: "v8-1-x64",
      slots: 2,
      memoryMb: 100,
      platform: "linux",
    }),
    onWelcome: () => log.welcomes++,
    onMessage: (message) => log.messages.push(message),
    onLost: (reason) => log.lost.push(reason),
    onDrained: () => {},
    onRefused: (error) => log.refused.push(error),
    onRetry: (_error, waitMs) => log.waits.push(waitMs),
  });
  client.start();
  cleanUps.push(() => client.close());
  return [client, log];
}

async function start(options: ScriptedGatewayOptions = {}, port = 0): Promise<ScriptedGateway> {
  const gateway = await ScriptedGateway.start(options, port);
  cleanUps.push(() => gateway.close());
  return gateway;
}

it("says hello, is welcomed, and messages go both ways", async () => {
  const gateway = await start();
  const [client, log] = connect(gateway.url);
  const { message } = await gateway.next("hello");
  expect(message).toMatchObject({ protocol: protocolVersion, runner: "run_1", slots: 2 });
  await gateway.until(() => client.connected);
  gateway.sendAll([
    { message: { type: "cancel", leases: ["a"] }, payloads: [] },
    { message: { type: "cancel", leases: ["b"] }, payloads: [] },
  ]);
  await gateway.until(() => log.messages.length === 2);
  client.send({ type: "renew", leases: ["a"] });
  expect((await gateway.next("renew")).message.leases).toEqual(["a"]);
});

it("messages of one tick share a frame", async () => {
  const gateway = await start();
  const [client] = connect(gateway.url);
  await gateway.until(() => client.connected);
  const before = gateway.frames;
  for (let i = 0; i < 100; i++) client.send({ type: "renew", leases: [`l${i}`] });
  await gateway.until(() => gateway.messages("renew").length === 100);
  expect(gateway.frames - before).toBe(1);
});

it("what is larger than a frame is spread over several, in order", async () => {
  const gateway = await start();
  const [client] = connect(gateway.url);
  await gateway.until(() => client.connected);
  const before = gateway.frames;
  const called = { type: "called", fuel: 1, hash: "0".repeat(64), ms: 1 } as const;
  for (let i = 0; i < 60; i++)
    client.send({ ...called, call: `c${i}` }, [Buffer.alloc(1024 * 1024, i)]);
  expect(client.congested).toBe(true);
  const all = await gateway.until(
    () => gateway.all("called").length === 60 && gateway.all("called"),
  );
  expect(all.map(({ message }) => message.call)).toEqual(all.map((_, i) => `c${i}`));
  expect(all.every(({ payloads }, i) => payloads[0]![0] === i)).toBe(true);
  expect(gateway.frames - before).toBeGreaterThan(3);
  expect(client.congested).toBe(false);
});

it("comes back after the gateway was away, each wait drawn from a doubling span", async () => {
  const gateway = await start();
  const [client, log] = connect(gateway.url, "token", () => 0.5);
  await gateway.until(() => client.connected);
  const { port } = gateway;
  await gateway.close();
  await gateway.until(() => log.waits.length >= 3);
  expect(log.lost).toHaveLength(1);
  expect(log.waits.slice(0, 3)).toEqual([50, 100, 200]);
  const again = await start({}, port);
  await again.until(() => client.connected);
  expect(log.welcomes).toBe(2);
});

it("gives up on a wrong token, with a hint", async () => {
  const gateway = await start();
  const [, log] = connect(gateway.url, "wrong");
  await gateway.until(() => log.refused.length > 0);
  expect(log.refused[0]).toMatchObject({ code: "unauthorized" });
  expect(log.refused[0]!.message).toMatch(/--token/);
  expect(log.waits).toEqual([]);
});

it("gives up on another protocol version and says what to do", async () => {
  const gateway = await start({
    greet: () => ({ type: "refused", code: "protocol-version", message: "needs 9" }),
  });
  const [, log] = connect(gateway.url);
  await gateway.until(() => log.refused.length > 0);
  const { message } = log.refused[0]!;
  expect(message).toMatch(new RegExp(`needs 9.*version ${protocolVersion}`));
  expect(message).toContain(`npm install --global ${gateway.url}/runner.tgz`);
});

it("a refusal for now is tried again", async () => {
  let refusals = 0;
  const gateway = await start({
    greet: ({ runner }) =>
      refusals++ === 0
        ? { type: "refused", code: "shutting-down", message: "later" }
        : {
            type: "welcome",
            session: "s",
            runner,
            leaseMs: 1000,
            heartbeatMs: 1000,
            inlineBytesMax: 1,
          },
  });
  const [client, log] = connect(gateway.url);
  await gateway.until(() => client.connected);
  expect(log.refused).toEqual([]);
});

it("notices a gateway that fell silent", async () => {
  const gateway = await start({ heartbeatMs: 100 });
  const [client, log] = connect(gateway.url);
  await gateway.until(() => client.connected);
  // Answers to pings come from the peer's ws; a paused socket answers nothing, like a machine that is gone.
  const paused = gateway.socket!;
  paused.pause();
  await gateway.until(() => log.lost.length > 0, 3_000);
  expect(log.lost[0]).toMatch(/silent/);
  await gateway.until(() => log.welcomes === 2);
});

it("survives a broken frame by starting over", async () => {
  const gateway = await start();
  const [client, log] = connect(gateway.url);
  await gateway.until(() => client.connected);
  gateway.socket!.send(Buffer.from([255, 255, 255, 255, 0]));
  await gateway.until(() => log.welcomes === 2);
  expect(log.lost[0]).toMatch(/broken/);
});

it("closes while it is still connecting", async () => {
  const dead = createServer(() => {});
  await new Promise<void>((resolve) => dead.listen(0, "127.0.0.1", resolve));
  const { port } = dead.address() as { port: number };
  const [client] = connect(`http://127.0.0.1:${port}`);
  await client.close();
  await new Promise((resolve) => dead.close(resolve));
});

it("gives up when a gateway that had taken it says that it may not come any more", async () => {
  const gateway = await start();
  const [client, log] = connect(gateway.url);
  await gateway.until(() => client.connected);
  gateway.send({ type: "refused", code: "unauthorized", message: "Its key was revoked." });
  await gateway.until(() => log.refused.length > 0);
  expect(log.refused[0]).toMatchObject({ code: "unauthorized" });
  expect(log.refused[0]!.message).toMatch(/revoked.*--join/);
  expect(log.waits).toEqual([]);
});

it("ends when a gateway that had taken it speaks another version now, and says what to do", async () => {
  const gateway = await start();
  const [client, log] = connect(gateway.url);
  await gateway.until(() => client.connected);
  gateway.send({ type: "refused", code: "protocol-version", message: "needs 9" });
  await gateway.until(() => log.refused.length > 0);
  expect(log.refused[0]!.message).toContain(`${gateway.url}/runner.tgz`);
  expect(log.waits).toEqual([]);
});
