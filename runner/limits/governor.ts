import { join } from "node:path";
import type { Paused } from "../../protocol/runner-offer.ts";
import type { RunnerSettings, SettingName } from "../../protocol/runner-settings.ts";
import type { Runner } from "../index.ts";
import { seesExecutors } from "../load.ts";
import type { RunnerLog } from "../log.ts";
import type { SettingsFile } from "../settings/settings-file.ts";
import { defaultTerms, type Terms } from "../terms.ts";
import { DayVolume } from "./day-volume.ts";
import { othersCpuPercent } from "./others-cpu.ts";
import { type Facts, pauseOf } from "./pause-of.ts";

export interface GovernorOptions {
  file: SettingsFile;
  /** What the start's flags and variables say; they win over the file for as long as this process lives. */
  flags: Partial<RunnerSettings>;
  dataDir: string;
  /** Bytes carried since the start. */
  carried: () => number;
  isOnMains: () => Promise<boolean | undefined>;
  idleMs: () => Promise<number | undefined>;
  clock: () => number;
  log: RunnerLog;
}

/** What holds now, for people. */
export interface GovernorView {
  /** As the file has it. */
  settings: RunnerSettings;
  /** Set by the start's flags, whatever the file says. */
  overridden: SettingName[];
  terms: Terms;
  paused: Paused | undefined;
  networkBytesToday: number;
  /** What is wrong with the file; what it said before holds. */
  fault: string | undefined;
}

const tickMs = 500;
/** Asking the system takes a process on macOS and Windows. */
const askEveryMs = 5_000;
const keepEveryMs = 10_000;

/** Holds the runner to what its owner has set: at the start, when the settings change, and as the day goes on. */
export class Governor {
  readonly #options: GovernorOptions;
  readonly #volume: DayVolume;
  readonly #overridden: SettingName[];
  #settings: RunnerSettings;
  #fault: string | undefined;
  #runner: Runner | undefined;
  #paused: Paused | undefined;
  #facts: Pick<Facts, "onMains" | "idleMs"> = {};
  #asking = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #keptAtMs = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #unwatch: () => void;

  /** @throws GridError bad-request: the file holds what are no settings */
  static async open(options: GovernorOptions): Promise<Governor> {
    const { file, dataDir, carried, clock } = options;
    let settings = await file.read();
    // A pause until the next start ends with this one.
    if (settings.pause === "restart") settings = await file.change({ pause: null });
    const path = join(dataDir, "network.json");
    const volume = await DayVolume.open({ path, carried, clock });
    const governor = new Governor(options, settings, volume);
    await governor.#ask();
    governor.#judge();
    return governor;
  }

  private constructor(options: GovernorOptions, settings: RunnerSettings, volume: DayVolume) {
    this.#options = options;
    this.#settings = settings;
    this.#volume = volume;
    this.#overridden = Object.keys(options.flags) as SettingName[];
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#unwatch = options.file.watch(() => void this.reload());
  }

  /** To start a runner with. */
  get terms(): Terms {
    const { slots, cpuPercent, memoryMb, ask, pools } = this.#held;
    const usual = defaultTerms();
    return {
      slots: slots ?? usual.slots,
      cpuPercent: cpuPercent ?? usual.cpuPercent,
      memoryMb: memoryMb ?? usual.memoryMb,
      ask,
      pools,
    };
  }

  get paused(): Paused | undefined {
    return this.#paused;
  }

  get view(): GovernorView {
    return {
      settings: this.#settings,
      overridden: this.#overridden,
      terms: this.terms,
      paused: this.#paused,
      networkBytesToday: this.#volume.bytes,
      fault: this.#fault,
    };
  }

  /** From now on this runner is held to it. */
  attach(runner: Runner | undefined): void {
    this.#runner = runner;
  }

  /** Reads the file again: someone changed it, here or elsewhere. What cannot be read changes nothing. */
  async reload(): Promise<void> {
    const { file, log } = this.#options;
    try {
      const settings = await file.read();
      const changed = JSON.stringify(settings) !== JSON.stringify(this.#settings);
      this.#fault = undefined;
      if (!changed) return;
      this.#settings = settings;
      log.info({ ...settings }, "settings changed");
    } catch (error) {
      this.#fault = (error as Error).message;
      log.warn({ reason: this.#fault }, "the settings cannot be read; those before hold");
      return;
    }
    await this.#ask();
    this.#judge();
    this.#runner?.adapt(this.terms);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#unwatch();
    await this.#volume.keep();
  }

  get #held(): RunnerSettings {
    return { ...this.#settings, ...this.#options.flags };
  }

  #tick(): void {
    const nowMs = performance.now();
    if (nowMs - this.#askedAtMs >= askEveryMs && !this.#asking) void this.#ask();
    if (nowMs - this.#keptAtMs >= keepEveryMs) {
      this.#keptAtMs = nowMs;
      this.#volume.keep().catch((error: unknown) => {
        this.#options.log.debug({ err: error }, "the day's data volume cannot be kept");
      });
    }
    this.#judge();
  }

  /** What only the system knows, and only if something depends on it. */
  async #ask(): Promise<void> {
    const { mainsOnly, idleMinutes } = this.#held;
    const { isOnMains, idleMs } = this.#options;
    this.#asking = true;
    const [onMains, idle] = await Promise.all([
      mainsOnly ? isOnMains() : undefined,
      idleMinutes === undefined ? undefined : idleMs(),
    ]);
    this.#facts = { onMains, idleMs: idle };
    this.#askedAtMs = performance.now();
    this.#asking = false;
  }

  #judge(): void {
    const { clock, log } = this.#options;
    const nowMs = clock();
    const runner = this.#runner;
    const paused = pauseOf(this.#held, {
      nowMs,
      ...this.#facts,
      networkBytes: this.#volume.bytes,
      memoryShortUntilMs: runner?.memoryShortUntilMs,
      ...(this.#held.othersCpuPercent !== undefined &&
        seesExecutors &&
        runner && {
          othersCpuPercent: othersCpuPercent(
            runner.samples.all,
            this.#paused?.reason === "busy",
            nowMs,
          ),
        }),
    });
    const changed = JSON.stringify(paused) !== JSON.stringify(this.#paused);
    this.#paused = paused;
    if (changed && paused) log.info({ ...paused }, "paused");
    else if (changed) log.info({}, "goes on");
    if (!runner || JSON.stringify(paused) === JSON.stringify(runner.paused)) return;
    if (paused) runner.pause(paused);
    else runner.resume();
  }
}
