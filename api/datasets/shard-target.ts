import { shardBytesMax, shardBytesMin } from "../../protocol/limits.ts";

/**
 * Bytes that the next shard aims at, given the bytes cut so far: 1/8 of them within [shardBytesMin, shardBytesMax].
 * A small dataset still spreads over many runners (1 MB makes some 20 shards) and a large one soon reaches full-sized
 * shards (after 32 MB). It depends on the data alone, never on how the upload was chunked, so the same data always
 * has the same digest.
 */
export function shardTarget(bytesSoFar: number): number {
  return Math.min(Math.max(Math.floor(bytesSoFar / 8), shardBytesMin), shardBytesMax);
}
