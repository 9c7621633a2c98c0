import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface FlakyProxy {
  url: string;
  /** From now on, one reply in about `replies` is lost together with its connection. */
  loseEvery(replies: number): void;
  /** Replies lost so far. */
  lost(): number;
  stop(): Promise<void>;
}

/** Stands between a client and a server; the server has done what the client asked, and the client does not know. */
export async function startFlakyProxy(
  upstreamPath: string,
  random: (below: number) => number,
): Promise<FlakyProxy> {
  let every = 0;
  let lost = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(upstreamPath);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk) => {
      if (every > 0 && random(every) === 0) {
        lost++;
        client.destroy();
      } else client.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseEvery(replies) {
      every = replies;
    },
    lost: () => lost,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
