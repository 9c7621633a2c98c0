import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running runner notes in its data folder, so that commands find it. */
export interface RunningNote {
  pid: number;
  /** Its page's address; null without one. */
  page: string | null;
  startedAt: string;
}

const fileName = "running.json";

export async function writeRunningNote(dataDir: string, note: RunningNote): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, fileName);
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(note, null, 2)}\n`);
  await rename(draft, path);
}

/** Undefined when no runner of this folder runs. */
export async function readRunningNote(dataDir: string): Promise<RunningNote | undefined> {
  try {
    const note = JSON.parse(await readFile(join(dataDir, fileName), "utf8")) as RunningNote;
    process.kill(note.pid, 0);
    return note;
  } catch (error) {
    // Somebody else's process cannot be signalled, but is there.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
    return JSON.parse(await readFile(join(dataDir, fileName), "utf8")) as RunningNote;
  }
}

export async function removeRunningNote(dataDir: string): Promise<void> {
  await rm(join(dataDir, fileName), { force: true });
}
