import type { JobEvent } from "../../protocol/events.ts";
import type { JobStatus, Kind } from "../../protocol/job.ts";
import {
  bytes,
  count,
  cut,
  metric,
  plural,
  roughly,
  short,
  sparkline,
  visibleWidth,
} from "./format.ts";
import type { Colors } from "./terminal.ts";

export interface ProgressSubject {
  function: string;
  kind: Kind;
  /** Records of the input; 0 when unknown. */
  records: number;
  /** Bytes of the input, for MB/s; undefined for a range. */
  bytes?: number | undefined;
  /** Rounds that an iterative job was asked for, when a parameter says so. */
  rounds?: number | undefined;
}

interface Sample {
  atMs: number;
  records: number;
  rounds: number;
}

const rateWindowMs = 4_000;
const samplesMax = 400;
const historyMax = 2_000;
const barWidthMin = 10;
/** How much of a mapReduce's bar is its map; reducing is quicker by far. */
const mapShare = 0.9;

/**
 * What a watcher shows of a job, folded from its events: pure but for the times that are passed in. The same two lines
 * serve `run`, `watch` and the demo.
 */
export class JobProgress {
  status: JobStatus = "queued";
  note = "";
  readonly metrics = new Map<string, (number | null)[]>();
  records = 0;
  fuel = 0;
  /** Tasks whose results were remembered. */
  remembered = 0;
  round = 0;
  /** Credits paid so far, and what the hold has left; undefined as long as nothing was paid. */
  money: { cost: number; left: number } | undefined;
  readonly #subject: ProgressSubject;
  #entry = "";
  #done = 0;
  #total = 0;
  #runners = 0;
  #roundMs: number[] = [];
  #samples: Sample[] = [];
  #stage = -1;
  #mappingSinceMs = 0;

  constructor(subject: ProgressSubject) {
    this.#subject = subject;
  }

  apply(event: JobEvent, nowMs: number): void {
    switch (event.type) {
      case "status":
        this.status = event.status;
        this.note = event.note ?? "";
        break;
      case "progress":
        this.#progress(event, nowMs);
        break;
      case "round":
        this.#round(event, nowMs);
        break;
      case "settle":
        this.money = { cost: event.cost, left: event.left };
        break;
      default:
    }
  }

  /** Rounds' compute and travel times, ms, in order. */
  get roundMs(): readonly number[] {
    return this.#roundMs;
  }

  /** 0 to 1: of the rounds when their number is known, of the records while they are mapped, else of the stage. */
  get fraction(): number {
    if (this.status === "succeeded") return 1;
    const stage = this.#total === 0 ? 0 : this.#done / this.#total;
    const { rounds, kind, records } = this.#subject;
    if (kind === "iterate") return rounds === undefined ? stage : Math.min(1, this.round / rounds);
    const share = kind === "mapReduce" ? mapShare : 1;
    if (this.#entry === "reduce") return mapShare + (1 - mapShare) * stage;
    if (this.#entry !== "map") return 0;
    return share * (records > 0 ? Math.min(1, this.records / records) : stage);
  }

  recordsPerSecond(nowMs: number): number {
    return this.#rate(nowMs, "records");
  }

  /** Two lines for a terminal: the bar, and figures beneath it. */
  lines(width: number, colors: Colors, nowMs: number): [string, string] {
    const label = this.#label();
    const left = this.#left(nowMs);
    const percent = `${String(Math.floor(this.fraction * 100)).padStart(3)}%`;
    const tail = left === "" ? percent : `${percent}  ${colors.dim(left)}`;
    // The widest the tail becomes, so that the bar keeps its length.
    const fixed = visibleWidth(label) + "   100%  59 min left ".length;
    const name = cut(this.#subject.function, Math.max(8, width - fixed - barWidthMin));
    const bar = drawBar(this.fraction, Math.max(barWidthMin, width - fixed - name.length), colors);
    return [
      `${colors.bold(name)}  ${label} ${bar} ${tail}`,
      colors.dim(cut(`  ${this.#figures(nowMs, width)}`, width - 1)),
    ];
  }

  /** One line for a log. */
  plain(nowMs: number): string {
    const percent = `${Math.floor(this.fraction * 100)}%`;
    return `${this.#subject.function}: ${this.#label().trimEnd()} ${percent}, ${this.#figures(nowMs, 0).replaceAll(" · ", ", ")}`;
  }

  #progress(event: Extract<JobEvent, { type: "progress" }>, nowMs: number): void {
    if (this.status === "queued") this.status = "running";
    if (event.entry === "map" && this.#entry !== "map") this.#mappingSinceMs = nowMs;
    this.#stage = event.stage;
    this.#entry = event.entry;
    this.round = Math.max(this.round, event.round);
    if (this.status !== "paused") this.note = "";
    this.#done = event.done;
    this.#total = event.total;
    this.#runners = event.runners;
    this.records = event.records;
    this.fuel = event.fuel;
    this.remembered = event.remembered ?? 0;
    this.#sample(nowMs);
  }

  #round(event: Extract<JobEvent, { type: "round" }>, nowMs: number): void {
    if (this.status === "queued") this.status = "running";
    this.round = event.round;
    if (this.status !== "paused") this.note = "";
    this.#sample(nowMs);
    for (const [name, value] of Object.entries(event.metrics)) {
      const history = this.metrics.get(name) ?? [];
      if (history.length < historyMax) history.push(value);
      this.metrics.set(name, history);
    }
    if (this.#roundMs.length < historyMax) this.#roundMs.push(event.ms);
  }

  #sample(nowMs: number): void {
    this.#samples.push({ atMs: nowMs, records: this.records, rounds: this.round });
    while (
      this.#samples.length > samplesMax ||
      (this.#samples.length > 2 && this.#samples[0]!.atMs < nowMs - rateWindowMs)
    )
      this.#samples.shift();
  }

  #rate(nowMs: number, what: "records" | "rounds"): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || first === last) return 0;
    const seconds = (Math.max(nowMs, last.atMs) - first.atMs) / 1000;
    return seconds < 0.05 ? 0 : Math.max(0, last[what] - first[what]) / seconds;
  }

  #label(): string {
    const { kind, rounds } = this.#subject;
    if (this.status === "paused") return "paused";
    if (this.#stage < 0 && this.round === 0) return this.status;
    if (kind !== "iterate" || this.round === 0) return this.#entry.padEnd(6);
    return rounds === undefined ? `round ${this.round}` : `round ${this.round}/${rounds}`;
  }

  #figures(nowMs: number, width: number): string {
    if (this.note !== "") return this.note;
    if (this.#stage < 0 && this.round === 0)
      return this.status === "queued" ? "waiting for a runner" : this.status;
    const parts: string[] = [];
    if (this.#subject.kind === "iterate" && this.metrics.size > 0) {
      parts.push(this.#metricFigures(width));
      const last = this.#roundMs.slice(-20);
      parts.push(`${(last.reduce((sum, ms) => sum + ms, 0) / last.length).toFixed(1)} ms/round`);
    } else {
      parts.push(`${count(this.#done)}/${plural(this.#total, "task")}`);
      const rate = this.recordsPerSecond(nowMs);
      if (rate > 0) parts.push(`${short(rate)} records/s`);
      const { bytes: size, records } = this.#subject;
      if (rate > 0 && size !== undefined && records > 0)
        parts.push(`${bytes((rate * size) / records)}/s`);
    }
    if (this.remembered > 0) parts.push(`${count(this.remembered)} remembered`);
    if (this.#runners > 0) parts.push(plural(this.#runners, "runner"));
    if (this.money !== undefined)
      parts.push(
        `${shortCredits(this.money.cost)} of ${shortCredits(this.money.cost + this.money.left)} credits`,
      );
    return parts.join(" · ");
  }

  #metricFigures(width: number): string {
    const shown = [...this.metrics].slice(0, 2);
    return shown
      .map(([name, history]) => {
        const figure = `${name} ${metric(history.at(-1) ?? null)}`;
        return width < 60 ? figure : `${figure} ${sparkline(history, shown.length === 1 ? 24 : 8)}`;
      })
      .join(" · ");
  }

  #left(nowMs: number): string {
    const { kind, rounds } = this.#subject;
    if (kind === "iterate") {
      const rate = this.#rate(nowMs, "rounds");
      if (rounds === undefined || rate === 0 || this.round === 0) return "";
      return `${roughly(((rounds - this.round) / rate) * 1000)} left`;
    }
    const elapsedMs = nowMs - this.#mappingSinceMs;
    const done = this.fraction;
    if (done < 0.01 || done > 0.98 || elapsedMs < 500) return "";
    return `${roughly((elapsedMs * (1 - done)) / done)} left`;
  }
}

/** Three figures are enough for who watches them change. */
function shortCredits(credits: number): string {
  return credits.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** A bar of half-cell steps. */
export function drawBar(fraction: number, width: number, colors: Colors): string {
  const halves = Math.round(Math.min(1, Math.max(0, fraction)) * width * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2 === 1 ? "╸" : "";
  const rest = width - full - half.length;
  return colors.green("━".repeat(full) + half) + colors.dim("─".repeat(rest));
}
