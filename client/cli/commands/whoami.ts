import type { Command } from "commander";
import { createClient } from "../../index.ts";
import { findConnection } from "../connection.ts";
import { type Context, examples } from "../context.ts";
import { quotaLines } from "../quotas.ts";

export function whoamiCommand(program: Command, { terminal, env, signal }: Context): void {
  program
    .command("whoami")
    .option("--json", "print JSON")
    .summary("show whose key is used here, where it came from, and how much you may have")
    .addHelpText("after", examples("whoami"))
    .action(async (options: { json?: boolean }, command: Command) => {
      const connection = await findConnection(command.optsWithGlobals(), env);
      const me = await createClient(connection).accounts.me({ signal });
      if (options.json) {
        terminal.out.write(`${JSON.stringify(me)}\n`);
        return;
      }
      const { bold, dim } = terminal.outColors;
      const rows = [
        ["role", me.role],
        ["e-mail", me.email ?? "none yet"],
        ["at", connection.url],
        ["key", `${me.key} from ${connection.keyFrom}`],
        ["may use", me.scopes.join(", ")],
        ["pool", me.defaultPool ?? "your own machines if you have any, else everyone's"],
      ] as const;
      terminal.out.write(`${bold(me.handle)}  ${dim(me.id)}\n`);
      for (const [name, value] of rows) terminal.out.write(`${dim(name.padEnd(8))} ${value}\n`);
      terminal.out.write("\n");
      for (const line of quotaLines(me.quotas, terminal)) terminal.out.write(`${line}\n`);
    });
}
