import { hash } from "node:crypto";

/** Lower-case hex SHA-256 of some bytes; names a blob. */
export type Digest = string;
export const digestPattern = /^[0-9a-f]{64}$/;

export function digestOf(bytes: Uint8Array | string): Digest {
  return hash("sha256", bytes, "hex");
}
