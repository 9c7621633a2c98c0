import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { GridError } from "../../protocol/errors.ts";
import type { SettingName } from "../../protocol/runner-settings.ts";
import { SettingsFile } from "../settings/settings-file.ts";
import { parseAssignments, valueText } from "../settings/value-text.ts";
import { parsePause } from "./pause-time.ts";
import { statusLines } from "./status-lines.ts";

const usageCode = 2;

interface Given {
  dataDir: string;
  file: SettingsFile;
  words: readonly string[];
}

/** What a machine's owner says to a runner that may be running: by its settings file, which it watches. */
const commands: Record<string, (given: Given) => Promise<string[]>> = {
  settings: async ({ file, words }) => {
    const settings =
      words.length === 0 ? await file.read() : await file.change(parseAssignments(words));
    const { runnerSettingsSchema } = await import("../../protocol/runner-settings.ts");
    const { shape } = runnerSettingsSchema;
    const names = Object.keys(shape) as SettingName[];
    const width = Math.max(...names.map((name) => name.length));
    return [
      ...names.map((name) => {
        const value = settings[name];
        const text = value === undefined ? "" : valueText(value);
        return `${name.padEnd(width)}  ${text.padEnd(12)}  ${shape[name].description ?? ""}`;
      }),
      "",
      file.path,
    ];
  },
  pause: async ({ file, words }) => {
    const pause = parsePause(words[0] ?? "restart", Date.now());
    await file.change({ pause });
    return [
      pause === "restart"
        ? "Paused until the runner is started again, or resumed."
        : `Paused until ${new Date(pause).toLocaleString()}.`,
    ];
  },
  resume: async ({ file }) => {
    await file.change({ pause: null });
    return ["Resumed."];
  },
  status: ({ dataDir, file }) => statusLines(dataDir, file),
};

export const ownersCommands: readonly string[] = Object.keys(commands);

/** Returns the exit code. */
export async function ownersCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { "data-dir": { type: "string" } },
      allowPositionals: true,
    });
    const [word = "", ...words] = positionals;
    const command = commands[word];
    if (!command)
      throw new GridError("bad-request", `there is no command ${word}`, {
        hint: `${ownersCommands.join(", ")}; without one the runner runs`,
      });
    const given = values["data-dir"] ?? env.SPAREGRID_DATA_DIR;
    const dataDir = resolve(given ?? join(homedir(), ".sparegrid", "runner"));
    const lines = await command({ dataDir, file: new SettingsFile(dataDir), words });
    process.stdout.write(`${lines.join("\n")}\n`);
    return 0;
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`error: ${message}\n`);
    const hint = error instanceof GridError ? error.details.hint : undefined;
    if (hint !== undefined) process.stderr.write(`  hint: ${hint}\n`);
    return usageCode;
  }
}
