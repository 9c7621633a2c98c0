import { randomBytes } from "node:crypto";
import { unwatchFile, watchFile } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { GridError } from "../../protocol/errors.ts";
import type {
  RunnerSettings,
  RunnerSettingsChange,
  SettingName,
} from "../../protocol/runner-settings.ts";

const fileName = "settings.json";
/** The file is looked at so often: a change reaches a running runner within a second. */
const lookEveryMs = 400;

/**
 * `settings.json`, the one place where a machine's owner has said what it lends. Whoever changes it, the command line,
 * the page or an editor, the running runner notices.
 */
export class SettingsFile {
  readonly path: string;
  readonly #dataDir: string;
  /** Changes of this process are made one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.path = join(dataDir, fileName);
  }

  /** Without a file there is nothing set. @throws GridError bad-request: it holds what is none, one fault a line */
  async read(): Promise<RunnerSettings> {
    const text = await readFile(this.path, "utf8").catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return {};
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw faulty(this.path, [(cause as Error).message], cause);
    }
    return check(value, this.path);
  }

  /** Null sets a default again. Whole or not at all. @throws GridError bad-request */
  change(change: RunnerSettingsChange): Promise<RunnerSettings> {
    const changed = this.#changing.then(async () => {
      const settings: Record<string, unknown> = await this.read();
      for (const [name, value] of Object.entries(change)) {
        if (value === undefined) continue;
        if (value === null) delete settings[name];
        else settings[name] = value;
      }
      const checked = await check(settings, "these settings");
      await this.#write(checked);
      return checked;
    });
    this.#changing = changed.catch(() => {});
    return changed;
  }

  /** Calls back after every change of the file, whoever made it. Returns what ends it. */
  watch(onChange: () => void): () => void {
    const listener = (): void => onChange();
    watchFile(this.path, { interval: lookEveryMs, persistent: false }, listener);
    return () => unwatchFile(this.path, listener);
  }

  async #write(settings: RunnerSettings): Promise<void> {
    await mkdir(this.#dataDir, { recursive: true });
    const draft = `${this.path}.${process.pid}.${randomBytes(4).toString("hex")}`;
    try {
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(`${JSON.stringify(settings, null, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}

/** The schema is loaded when there is something to check: its library takes 14 MB for as long as the process lives. */
async function check(value: unknown, what: string): Promise<RunnerSettings> {
  const { runnerSettingsSchema } = await import("../../protocol/runner-settings.ts");
  const parsed = runnerSettingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys")
      return `there is no setting ${issue.keys.join(", ")}; there are ${nameList(runnerSettingsSchema.shape)}`;
    return `${issue.path.join(".")}: ${issue.message}`;
  });
  throw faulty(what, faults);
}

function nameList(shape: Record<SettingName, unknown>): string {
  return Object.keys(shape).join(", ");
}

function faulty(what: string, faults: readonly string[], cause?: unknown): GridError {
  return new GridError("bad-request", `${what}: ${faults.join("\n")}`, {}, { cause });
}
