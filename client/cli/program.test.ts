import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { WriteStream } from "node:tty";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { createContext } from "./context.ts";
import { createProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

/** What the command prints to stdout, of which a command that prints help does nothing else. */
async function printed(args: readonly string[]): Promise<string> {
  const out = new PassThrough();
  const program = programTo(out);
  await expect(program.parseAsync(args, { from: "user" })).rejects.toMatchObject({ exitCode: 0 });
  return text(out.end());
}

function programTo(out: PassThrough): Command {
  const terminal = { ...createTerminal({ NO_COLOR: "1" }), out: out as unknown as WriteStream };
  return createProgram(createContext(terminal, {}, new AbortController().signal), "1.2.3");
}

function pathsOf(command: Command, path: readonly string[] = []): string[][] {
  return command.commands.flatMap((child) => {
    const here = [...path, child.name()];
    return [here, ...pathsOf(child, here)];
  });
}

describe("help", () => {
  const paths = pathsOf(programTo(new PassThrough()));

  test("there is some for every command", async () => {
    expect(paths.length).toBeGreaterThan(60);
    const out = await printed(["--help"]);
    for (const [name, ...more] of paths)
      if (more.length === 0) expect(out).toContain(`\n  ${name}`);
  });

  test.each(paths.map((path) => path.join(" ")))("%s has help with an example", async (path) => {
    const out = await printed([...path.split(" "), "--help"]);
    expect(out).toContain(`Usage: sparegrid ${path}`);
    expect(out).toContain("Examples:\n  $ sparegrid ");
  });
});
