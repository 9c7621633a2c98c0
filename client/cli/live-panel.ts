import cliProgress from "cli-progress";
import type { Terminal } from "./terminal.ts";

const framesPerSecond = 12;
const plainEveryMs = 2_000;
const heldLinesMax = 200;

/** Where a live panel takes its text from: drawn afresh for each frame. */
export interface PanelContent {
  /** Lines for a terminal of this width; always as many as the panel has. */
  lines(width: number): readonly string[];
  /** One line for a log, printed now and then when there is no terminal. */
  plain(): string;
}

/**
 * A few lines at the bottom of the terminal that are redrawn in place (cli-progress does the drawing), or, without a
 * terminal, a plain line every two seconds when it changed.
 */
export class LivePanel {
  readonly #terminal: Terminal;
  readonly #content: PanelContent;
  readonly #height: number;
  #bars: cliProgress.MultiBar | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastPlain = "";
  /** Lines that came while something else had the terminal. */
  #held: string[] | undefined;

  constructor(terminal: Terminal, content: PanelContent, height = 2) {
    this.#terminal = terminal;
    this.#content = content;
    this.#height = height;
  }

  start(): void {
    for (const line of this.#held ?? []) this.#terminal.say(line);
    this.#held = undefined;
    if (this.#timer !== undefined || this.#bars !== undefined) return;
    if (this.#terminal.err.isTTY) this.#startBars();
    else {
      this.#timer = setInterval(() => this.#sayPlain(), plainEveryMs);
    }
  }

  /** A line above the panel. */
  log(line: string): void {
    if (this.#held !== undefined) {
      if (this.#held.length < heldLinesMax) this.#held.push(line);
    } else if (this.#bars === undefined) this.#terminal.say(line);
    else this.#bars.log(`${line}\n`);
  }

  /** Leaves the terminal to a prompt until `start` or `stop`. */
  pause(): void {
    this.stop();
    this.#held = [];
  }

  /** Takes the panel away, or leaves its last frame standing. */
  stop(options: { keep?: boolean } = {}): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#held = undefined;
    if (this.#bars === undefined) return;
    const bars = this.#bars as cliProgress.MultiBar & { options: cliProgress.Options };
    bars.options.clearOnComplete = options.keep !== true;
    bars.update();
    bars.stop();
    this.#bars = undefined;
  }

  #startBars(): void {
    const bars = new cliProgress.MultiBar({
      stream: this.#terminal.err,
      fps: framesPerSecond,
      hideCursor: true,
      linewrap: false,
      clearOnComplete: true,
      gracefulExit: false, // Ctrl-C is the watcher's business
      forceRedraw: true,
      emptyOnZero: true,
    });
    for (let at = 0; at < this.#height; at++) {
      bars.create(
        1,
        0,
        {},
        {
          format: () => this.#content.lines(this.#terminal.err.columns || 80)[at] ?? "",
        },
      );
    }
    this.#bars = bars;
  }

  #sayPlain(): void {
    const line = this.#content.plain();
    if (line === this.#lastPlain) return;
    this.#lastPlain = line;
    this.#terminal.say(line);
  }
}
