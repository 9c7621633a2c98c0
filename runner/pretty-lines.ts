import type { Writable } from "node:stream";
import colors from "picocolors";

const levels: Record<number, string> = {
  20: colors.dim("debug"),
  30: colors.green("info"),
  40: colors.yellow("warn"),
  50: colors.red("error"),
};

/** A pino destination for a person at a terminal: time, level, message and fields on one line. */
export function prettyLines(out: Pick<Writable, "write">): { write(line: string): void } {
  return {
    write(line) {
      const { level, time, msg, err, ...fields } = JSON.parse(line) as {
        level: number;
        time: number;
        msg: string;
        err?: { message: string };
      } & Record<string, unknown>;
      const clock = new Date(time).toTimeString().slice(0, 8);
      const rest = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
      if (err) rest.push(`error=${JSON.stringify(err.message)}`);
      out.write(
        `${colors.dim(clock)} ${levels[level] ?? level} ${msg} ${colors.dim(rest.join(" "))}\n`,
      );
    },
  };
}
