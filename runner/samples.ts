import { cpus, freemem, totalmem } from "node:os";
import type { Load } from "./load.ts";

/** What the runner and its machine used, over the time since the sample before. */
export interface Sample extends Load {
  at: string;
  /** Percent of all cores together that anything on the machine used. */
  machineCpu: number;
  machineMb: number;
  machineMbMax: number;
}

/** Five minutes when somebody looks, longer when nobody does. */
const samplesMax = 300;
const watchedEveryMs = 1_000;
const everyMsDefault = 5_000;

/** Samples in a ring: every second while somebody looks, else every five. */
export class Samples {
  readonly #load: () => Promise<Load>;
  readonly #listeners = new Set<(sample: Sample) => void>();
  readonly #ring: Sample[] = [];
  #watchers = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #cores = coreTimes();

  /** @param load of the runner and its executors, since it was asked last */
  constructor(load: () => Promise<Load>) {
    this.#load = load;
    this.#schedule();
  }

  /** Oldest first. */
  get all(): readonly Sample[] {
    return this.#ring;
  }

  get last(): Sample | undefined {
    return this.#ring.at(-1);
  }

  /** Is told of each. Returns what ends it. */
  on(listener: (sample: Sample) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** As `on`, and for as long there is a sample every second. */
  watch(listener: (sample: Sample) => void): () => void {
    const off = this.on(listener);
    this.#watchers++;
    this.#schedule();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      off();
      this.#watchers--;
      this.#schedule();
    };
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  #schedule(): void {
    clearInterval(this.#timer);
    // Whoever stops watching afterwards must not begin it anew.
    if (this.#closed) return;
    const everyMs = this.#watchers > 0 ? watchedEveryMs : everyMsDefault;
    this.#timer = setInterval(() => void this.#take(), everyMs);
  }

  async #take(): Promise<void> {
    const load = await this.#load();
    const former = this.#cores;
    this.#cores = coreTimes();
    const total = this.#cores.total - former.total;
    const busy = this.#cores.busy - former.busy;
    const mb = (bytes: number) => Math.round(bytes / (1024 * 1024));
    const sample: Sample = {
      at: new Date().toISOString(),
      ...load,
      machineCpu: total > 0 ? Math.round((busy / total) * 1000) / 10 : 0,
      machineMb: mb(totalmem() - freemem()),
      machineMbMax: mb(totalmem()),
    };
    this.#ring.push(sample);
    if (this.#ring.length > samplesMax) this.#ring.shift();
    for (const listener of this.#listeners) listener(sample);
  }
}

/** Milliseconds of all cores since the machine started. */
function coreTimes(): { busy: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { busy: total - idle, total };
}
