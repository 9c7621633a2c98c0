import { execFile } from "node:child_process";

/** What a command of the system says. Undefined when there is none such, or it fails, or takes too long. */
export type RunCommand = (command: string, args: readonly string[]) => Promise<string | undefined>;

const commandMsMax = 10_000;

export const runCommand: RunCommand = (command, args) =>
  new Promise((resolve) => {
    execFile(command, args, { timeout: commandMsMax, windowsHide: true }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });

/** Arguments that have Windows' own shell answer in plain text. */
export function powershell(script: string): [command: string, args: string[]] {
  return ["powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", script]];
}
