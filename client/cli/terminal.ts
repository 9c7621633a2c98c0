import type { WriteStream } from "node:tty";
import { createColors } from "picocolors";

export type Colors = ReturnType<typeof createColors>;

/**
 * What a command may show. Results alone go to `out`; everything for people goes to `err`, so that a pipe gets nothing
 * but results.
 */
export interface Terminal {
  out: NodeJS.WriteStream;
  err: NodeJS.WriteStream;
  in: NodeJS.ReadStream;
  /** Colours for `err`; identity when they are off (NO_COLOR, no terminal, TERM=dumb). */
  colors: Colors;
  outColors: Colors;
  /** One line to `err`. */
  say(line?: string): void;
}

export function createTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  return {
    out: process.stdout,
    err: process.stderr,
    in: process.stdin,
    colors: createColors(colorful(process.stderr, env)),
    outColors: createColors(colorful(process.stdout, env)),
    say: (line = "") => void process.stderr.write(`${line}\n`),
  };
}

/** https://no-color.org, and FORCE_COLOR for those who pipe into a pager. */
function colorful(stream: Pick<WriteStream, "isTTY">, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "0") return true;
  return stream.isTTY === true && env.TERM !== "dumb";
}
