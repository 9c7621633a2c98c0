import type { Command } from "commander";
import { findConnection } from "../connection.ts";
import { type Context, examples } from "../context.ts";
import { serverCredentialsPath } from "../credentials.ts";
import type { Finding } from "../doctor/check.ts";
import {
  checkCredentials,
  checkDatabase,
  checkDataDir,
  checkNode,
  checkSandbox,
} from "../doctor/machine.ts";
import { checkApi, checkRedis } from "../doctor/network.ts";
import { Exit, exitCodes } from "../report.ts";
import type { Colors } from "../terminal.ts";

export function doctorCommand(program: Command, context: Context): void {
  program
    .command("doctor")
    .option("--json", "print JSON, one finding a line")
    .summary("check this machine and the connection, and say what to do")
    .description("Exits with 0 when nothing is wrong, with 1 otherwise. Warnings do not count.")
    .addHelpText("after", examples("doctor", "doctor --url https://grid.example.org"))
    .action(async (options: { json?: boolean }, command: Command) => {
      const { terminal, env } = context;
      const connection = await findConnection(command.optsWithGlobals(), env);
      const [sandbox, database, dataDir, credentials, api, redis] = await Promise.all([
        checkSandbox(),
        checkDatabase(),
        checkDataDir(env.DATA_DIR ?? ".sparegrid"),
        checkCredentials(serverCredentialsPath(env)),
        checkApi(connection),
        checkRedis(env.REDIS_URL),
      ]);
      const findings = [checkNode(), sandbox, database, dataDir, credentials, redis, ...api];
      for (const finding of findings) {
        if (options.json) terminal.out.write(`${JSON.stringify(finding)}\n`);
        else for (const line of lines(finding, terminal.outColors)) terminal.out.write(`${line}\n`);
      }
      if (findings.some((finding) => finding.state === "bad")) throw new Exit(exitCodes.failed);
    });
}

function lines(finding: Finding, colors: Colors): string[] {
  const name = finding.name.padEnd(12);
  const remedy = finding.remedy === undefined ? [] : [`${" ".repeat(15)}→ ${finding.remedy}`];
  switch (finding.state) {
    case "good":
      return [`${colors.green("✔")} ${name} ${finding.text}`];
    case "warn":
      return [colors.yellow(`! ${name} ${finding.text}`), ...remedy];
    case "bad":
      return [colors.red(`✘ ${name} ${finding.text}`), ...remedy];
    default:
      return [colors.dim(`- ${name} ${finding.text}`)];
  }
}
