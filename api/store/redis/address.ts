import { GridError } from "../../../protocol/errors.ts";

export interface ConnectOptions {
  host?: string;
  port?: number;
  path?: string;
  db?: number;
  username?: string;
  password?: string;
  tls?: Record<string, never>;
}

export type Address =
  | { type: "single"; options: ConnectOptions }
  | { type: "cluster"; nodes: { host: string; port: number }[]; options: ConnectOptions };

const portDefault = 6379;

/**
 * Reads REDIS_URL: redis://, rediss:// (TLS), unix:/path or unix:///path, redis+cluster://h1:p,h2:p (rediss+cluster://
 * for TLS), or any comma list, which means a cluster too. User and password of the first node hold for all.
 * @throws GridError bad-request
 */
export function parseAddress(url: string): Address {
  if (url.startsWith("unix:"))
    return { type: "single", options: { path: url.slice(5).replace(/^\/\/(?=\/)/, "") } };
  const match = /^(rediss?)(\+cluster)?:\/\/(.+)$/.exec(url);
  if (!match) throw unreadable(url);
  const [, scheme, cluster, rest] = match as unknown as [string, string, string?, string?];
  const parts = rest!.split(",").map((part) => part.replace(/^rediss?(\+cluster)?:\/\//, ""));
  const nodes = parts.map((part) => parseNode(`redis://${part}`, url));
  const first = nodes[0]!;
  const options: ConnectOptions = {
    ...(first.username && { username: decodeURIComponent(first.username) }),
    ...(first.password && { password: decodeURIComponent(first.password) }),
    ...(scheme === "rediss" && { tls: {} }),
  };
  const hosts = nodes.map(({ hostname, port }) => ({
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? portDefault : Number(port),
  }));
  if (cluster || nodes.length > 1) return { type: "cluster", nodes: hosts, options };
  const db = first.pathname.slice(1);
  if (!/^\d*$/.test(db)) throw unreadable(url);
  return {
    type: "single",
    options: { ...options, ...hosts[0], ...(db !== "" && { db: Number(db) }) },
  };
}

function parseNode(node: string, url: string): URL {
  try {
    return new URL(node);
  } catch (cause) {
    throw unreadable(url, cause);
  }
}

function unreadable(url: string, cause?: unknown): GridError {
  const shown = url.replace(/\/\/[^@/]*@/g, "//…@");
  return new GridError("bad-request", `REDIS_URL is not understood: ${shown}`, {}, { cause });
}
