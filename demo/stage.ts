import { duration } from "../client/cli/format.ts";
import type { Terminal } from "../client/cli/terminal.ts";

const nameWidth = 14;

/** What the demo shows: chapters, steps with their time, and a summary at the end. All on stdout. */
export class Stage {
  readonly terminal: Terminal;
  readonly #results: [name: string, text: string][] = [];

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  title(name: string, text: string): void {
    const { bold, dim } = this.terminal.outColors;
    this.line();
    this.line(`${bold(name)}  ${dim(text)}`);
    this.line();
  }

  chapter(text: string): void {
    const { bold, cyan } = this.terminal.outColors;
    this.line();
    this.line(bold(cyan(text)));
  }

  /** Does something and says how long it took; `work` gives what it made and a few words about it. */
  async step<T>(name: string, work: () => Promise<[made: T, text: string]>): Promise<T> {
    const { green, dim } = this.terminal.outColors;
    const startedAtMs = performance.now();
    const [made, text] = await work();
    const took = duration(performance.now() - startedAtMs);
    this.line(`${green("✔")} ${name}  ${dim(`${text} · ${took}`)}`);
    return made;
  }

  line(text = ""): void {
    this.terminal.out.write(`${text}\n`);
  }

  /** A figure for the summary. */
  result(name: string, text: string): void {
    this.#results.push([name, text]);
  }

  summary(ms: number): void {
    const { bold, dim, green } = this.terminal.outColors;
    this.chapter("Summary");
    for (const [name, text] of this.#results)
      this.line(`  ${bold(name.padEnd(nameWidth))} ${text}`);
    this.line();
    this.line(`${green("✔")} all in ${duration(ms)}; stopping what was started`);
    this.line(dim("  next: npm start, then open the address it prints"));
  }
}
