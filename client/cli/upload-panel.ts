import { bytes, roughly } from "./format.ts";
import { drawBar } from "./job-progress.ts";
import { LivePanel } from "./live-panel.ts";
import type { Terminal } from "./terminal.ts";

/** An upload's bar: bytes sent, MB/s, time left. */
export class UploadPanel {
  readonly #panel: LivePanel;
  readonly #startedAtMs = performance.now();
  #sent = 0;
  #total: number | undefined;

  constructor(terminal: Terminal, name: string) {
    const { colors } = terminal;
    this.#panel = new LivePanel(
      terminal,
      {
        lines: (width) => {
          const head = `${colors.bold(name)}  upload `;
          const figures = this.#figures();
          if (this.#total === undefined) return [`${head} ${colors.dim(figures)}`];
          const room = width - name.length - figures.length - 20;
          const bar = drawBar(this.#sent / (this.#total || 1), Math.max(10, room), colors);
          return [`${head}${bar} ${this.#percent()}  ${colors.dim(figures)}`];
        },
        plain: () => `${name}: upload ${this.#percent()} ${this.#figures()}`,
      },
      1,
    );
  }

  start(): void {
    this.#panel.start();
  }

  update(sent: number, total: number | undefined): void {
    this.#sent = sent;
    this.#total = total;
  }

  /** The connection broke. @param from where it goes on; 0: the server has nothing of it any more */
  resume(from: number): void {
    const how =
      from === 0
        ? "the connection broke, and the server has nothing of it: starting again"
        : `the connection broke: going on from ${bytes(from)}`;
    this.#panel.log(how);
  }

  stop(): void {
    this.#panel.stop();
  }

  #percent(): string {
    if (this.#total === undefined || this.#total === 0) return "";
    return `${String(Math.floor((this.#sent / this.#total) * 100)).padStart(3)}%`;
  }

  #figures(): string {
    const elapsedMs = performance.now() - this.#startedAtMs;
    const rate = `${bytes(this.#sent / (elapsedMs / 1000))}/s`;
    if (this.#total === undefined || this.#sent === 0) return `${bytes(this.#sent)} ${rate}`;
    if (this.#sent >= this.#total) return `${bytes(this.#sent)}, being split`;
    return `${rate} ${roughly((elapsedMs * (this.#total - this.#sent)) / this.#sent)} left`;
  }
}
