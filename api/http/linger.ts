import type { IncomingMessage } from "node:http";

/** A client that still sends after this was not going to read the answer. */
const lingerMs = 2_000;

/**
 * For an answer to a request whose body is not read to its end: the connection's writing side is closed after it, and
 * what still comes is thrown away for a while. Closing at once would reset the connection, and a client that is in the
 * midst of sending would see a broken pipe instead of the answer (RFC 9112, 9.6).
 */
export function linger(incoming: IncomingMessage): void {
  const { socket } = incoming;
  // Node's server calls this once the last answer of a connection is written.
  socket.destroySoon = () => {
    socket.end();
    incoming.resume();
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once("close", () => clearTimeout(timer));
  };
}
