import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  url: string;
  /** From now on a connection breaks whenever clients have sent so many bytes; undefined: none does. */
  cutAfter(bytes: (() => number) | undefined): void;
  /** Breaks every connection, and takes no more until it is back. */
  away(yes: boolean): void;
  /** The connections that there are fall silent, and nobody is told. */
  freeze(): void;
  /** Connections that broke so far. */
  cuts(): number;
  /** Bytes that clients sent so far. */
  sentBytes(): number;
  stop(): Promise<void>;
}

/** Stands between a client and a server, and breaks connections in the midst of what the client sends. */
export async function startCuttingProxy(serverUrl: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(serverUrl);
  let limit: (() => number) | undefined;
  /** Until the next cut, over all connections: clients keep some open. */
  let left = Number.POSITIVE_INFINITY;
  let cuts = 0;
  let sent = 0;
  const sockets = new Set<Socket>();
  let isAway = false;
  const server = createServer((client) => {
    if (isAway) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      sent += chunk.length;
      if (chunk.length >= left) {
        cuts++;
        // What came before the cut may still arrive.
        upstream.end(chunk.subarray(0, left));
        left = limit?.() ?? Number.POSITIVE_INFINITY;
        client.resetAndDestroy();
        return;
      }
      left -= chunk.length;
      if (!upstream.write(chunk)) {
        client.pause();
        upstream.once("drain", () => client.resume());
      }
    });
    upstream.on("data", (chunk) => client.write(chunk));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAfter(bytes) {
      limit = bytes;
      left = bytes?.() ?? Number.POSITIVE_INFINITY;
    },
    away(yes) {
      isAway = yes;
      if (yes) for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze() {
      for (const socket of sockets) {
        socket.removeAllListeners("data");
        socket.removeAllListeners("drain");
        socket.pause();
      }
    },
    cuts: () => cuts,
    sentBytes: () => sent,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
