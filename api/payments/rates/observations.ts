import { LRUCache } from "lru-cache";
import { fuelPerRate } from "../split.ts";
import { medianOf, type Observed, rateMicroMax } from "./derive.ts";

/** Work of one owner's machines. */
export interface Observation {
  version: string;
  owner: string;
  fuel: number;
  /** Compute time, as its runner told. */
  ms: number;
}

/** What is known of a version on the machines of one owner. */
export interface OwnerWindow {
  version: string;
  owner: string;
  /** Microcredits for 10^9 fuel of the latest spans of work, oldest first. */
  spans: number[];
  fuel: number;
  ms: number;
}

/** One span is at least this much compute time: what is shorter is mostly start-up and clock. */
const spanMs = 50;
const spansKept = 32;
/** Long work counts for several, but not for as many as would outvote all others. */
const spansAtOnce = 4;
const versionsKept = 1000;
const ownersKept = 64;

interface Window extends OwnerWindow {
  /** Of the span that is not full yet. */
  spanFuel: number;
  spanMs: number;
}

/** What work took, by version and owner; bounded. What it forgets has been written (`changed`) or is little. */
export class Observations {
  readonly #versions = new LRUCache<string, LRUCache<string, Window>>({ max: versionsKept });
  readonly #changed = new Map<string, Window>();

  observe({ version, owner, fuel, ms }: Observation): void {
    if (!(fuel > 0) || !(ms > 0)) return;
    const window = this.#window(version, owner);
    window.spanFuel += fuel;
    window.spanMs += ms;
    if (window.spanMs < spanMs) return;
    const micro = (window.spanMs * 1000 * fuelPerRate) / window.spanFuel;
    const rateMicro = Math.min(Math.max(Math.round(micro), 1), rateMicroMax);
    const spans = Math.min(Math.floor(window.spanMs / spanMs), spansAtOnce);
    for (let i = 0; i < spans; i++) window.spans.push(rateMicro);
    window.spans.splice(0, Math.max(window.spans.length - spansKept, 0));
    window.fuel += window.spanFuel;
    window.ms += window.spanMs;
    window.spanFuel = 0;
    window.spanMs = 0;
    this.#changed.set(`${version} ${owner}`, window);
  }

  of(version: string): Observed[] {
    const owners = [...(this.#versions.get(version)?.values() ?? [])];
    return owners.flatMap(({ owner, spans }) =>
      spans.length > 0 ? [{ owner, medianMicro: medianOf(spans), samples: spans.length }] : [],
    );
  }

  isKnown(version: string): boolean {
    return this.#versions.has(version);
  }

  restore(windows: readonly OwnerWindow[]): void {
    for (const { version, owner, spans, fuel, ms } of windows)
      Object.assign(this.#window(version, owner), { spans: spans.slice(-spansKept), fuel, ms });
  }

  /** What has new spans since the last time. */
  takeChanged(): OwnerWindow[] {
    const taken = [...this.#changed.values()];
    this.#changed.clear();
    return taken;
  }

  #window(version: string, owner: string): Window {
    let owners = this.#versions.get(version);
    if (!owners) {
      owners = new LRUCache({ max: ownersKept });
      this.#versions.set(version, owners);
    }
    let window = owners.get(owner);
    if (!window) {
      window = { version, owner, spans: [], fuel: 0, ms: 0, spanFuel: 0, spanMs: 0 };
      owners.set(owner, window);
    }
    return window;
  }
}
