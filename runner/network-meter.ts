import type { Socket } from "node:net";

/** What all connections carried, both ways, as the sockets themselves count it: headers and encryption included. */
export class NetworkMeter {
  readonly #live = new Set<Socket>();
  #ended = 0;

  get bytes(): number {
    let bytes = this.#ended;
    for (const socket of this.#live) bytes += carried(socket);
    return bytes;
  }

  /** A connection was made, or is used again. */
  add(socket: Socket): void {
    if (this.#live.has(socket) || socket.destroyed) return;
    this.#live.add(socket);
    socket.once("close", () => {
      this.#ended += carried(socket);
      this.#live.delete(socket);
    });
  }
}

function carried({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
