import { charCodeAt, imul } from "./primordials.ts";

/** Streams are independent: what one entry draws never shifts what another sees. */
export const streams = {
  map: 1,
  init: 2,
  step: 3,
  finish: 4,
  reduce: 5,
  combine: 6,
  shard: 7,
} as const;

export interface Random {
  /** Starts the stream of (stream, round, index) at its beginning. Costs nothing until a number is drawn. */
  seek(stream: number, round: number, index: number): void;
  /** The same for a key. */
  seekKey(stream: number, key: string): void;
  /** A number in [0, 1) with 53 random bits. */
  next(): number;
}

/**
 * sfc32 by Chris Doty-Humphrey (PractRand): 128 bits of state, passes BigCrush, and uses nothing but 32-bit integer
 * operations, so it gives the same numbers on every machine. Seeded by hashing (job seed, stream, round, index) with
 * murmur3's mixing; 12 rounds of warm-up as its author advises.
 */
export function createRandom(seed: number): Random {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let stream = 0;
  let round = 0;
  let index = 0;
  let key: string | undefined;
  let fresh = false;

  function draw(): number {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  }

  function start(): void {
    fresh = true;
    const at = key === undefined ? index : hashText(key);
    let low = mix(0x9e3779b9, seed | 0);
    let high = mix(0x85ebca6b, (seed / 2 ** 32) | 0);
    low = mix(low, stream);
    high = mix(high, round);
    low = mix(low, at | 0);
    high = mix(high, (at / 2 ** 32) | 0);
    if (key !== undefined) high = mix(high, key.length);
    a = mix(low, high);
    b = mix(high, low);
    c = mix(a, b);
    d = 1;
    for (let i = 0; i < 12; i++) draw();
  }

  return {
    seek(ofStream, ofRound, ofIndex) {
      fresh = false;
      stream = ofStream;
      round = ofRound;
      index = ofIndex;
      key = undefined;
    },
    seekKey(ofStream, ofKey) {
      fresh = false;
      stream = ofStream;
      round = 0;
      key = ofKey;
    },
    next() {
      if (!fresh) start();
      return ((draw() >>> 5) * 67108864 + (draw() >>> 6)) / 9007199254740992;
    },
  };
}

/** One block and the finalizer of MurmurHash3 (Austin Appleby, public domain). */
function mix(hash: number, word: number): number {
  let k = imul(word, 0xcc9e2d51);
  k = imul((k << 15) | (k >>> 17), 0x1b873593);
  let h = hash ^ k;
  h = (imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** FNV-1a over UTF-16 units with murmur3's finalizer, so that its low bits serve as a remainder. Unsigned 32 bits. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = imul(h ^ charCodeAt(text, i), 0x01000193);
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
