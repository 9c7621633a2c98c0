import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../../tests/support/system.ts";

export interface PeerServer {
  url: string;
  stop(): Promise<void>;
}

/** A peer written in TypeScript that sends { port } to its parent. */
export async function startPeerServer(file: string, args: string[] = []): Promise<PeerServer> {
  const child = fork(path.join(root, "bench/peers", file), args);
  const [{ port }] = await answerOf<{ port: number }>(child);
  return {
    url: `http://127.0.0.1:${port}/invoke`,
    async stop() {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

/** The first message of a child. @throws Error when it exits instead */
export async function answerOf<T>(child: ChildProcess): Promise<[T]> {
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`a peer exited with ${code}`);
  });
  return (await Promise.race([once(child, "message"), exited])) as [T];
}

/** Cloudflare's workerd with the same function as a worker. */
export async function startWorkerd(): Promise<PeerServer> {
  const port = await freePort();
  const child = spawn(
    path.join(root, "node_modules/.bin/workerd"),
    ["serve", path.join(root, "bench/peers/workerd.capnp"), `--socket-addr=http=127.0.0.1:${port}`],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const url = `http://127.0.0.1:${port}/invoke`;
  for (let i = 0; i < 100; i++) {
    const up = await fetch(url, { method: "POST", body: '{"input":[1]}' }).catch(() => undefined);
    if (up?.ok) break;
    await sleep(50);
  }
  return {
    url,
    async stop() {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
