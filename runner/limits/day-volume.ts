import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface DayVolumeOptions {
  /** Keeps the count over restarts. */
  path: string;
  /** All that was carried since the start. */
  carried: () => number;
  clock: () => number;
}

/** Bytes carried today, by the machine's clock, over restarts. */
export class DayVolume {
  readonly #options: DayVolumeOptions;
  #day: string;
  #bytes = 0;
  #counted: number;
  #kept = 0;

  private constructor(options: DayVolumeOptions) {
    this.#options = options;
    this.#day = dayOf(options.clock());
    this.#counted = options.carried();
  }

  static async open(options: DayVolumeOptions): Promise<DayVolume> {
    const volume = new DayVolume(options);
    try {
      const { day, bytes } = JSON.parse(await readFile(options.path, "utf8")) as Record<
        string,
        unknown
      >;
      if (day === volume.#day && Number.isSafeInteger(bytes)) volume.#bytes = bytes as number;
    } catch {
      // There is none yet, or nobody can read it: the day begins anew.
    }
    volume.#kept = volume.#bytes;
    return volume;
  }

  get bytes(): number {
    const { carried, clock } = this.#options;
    const day = dayOf(clock());
    const now = carried();
    if (day !== this.#day) {
      this.#day = day;
      this.#bytes = 0;
    } else this.#bytes += now - this.#counted;
    this.#counted = now;
    return this.#bytes;
  }

  /** Writes the count down, if it changed. */
  async keep(): Promise<void> {
    const { bytes } = this;
    if (bytes === this.#kept) return;
    this.#kept = bytes;
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    const draft = `${path}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify({ day: this.#day, bytes })}\n`);
    await rename(draft, path);
  }
}

/** The next midnight by the machine's clock. */
export function midnightAfter(nowMs: number): number {
  const time = new Date(nowMs);
  return new Date(time.getFullYear(), time.getMonth(), time.getDate() + 1).getTime();
}

function dayOf(nowMs: number): string {
  const time = new Date(nowMs);
  return `${time.getFullYear()}-${time.getMonth() + 1}-${time.getDate()}`;
}
