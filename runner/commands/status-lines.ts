import type { RunnerPageState } from "../../protocol/http-runner-page.ts";
import type { PauseReason } from "../../protocol/runner-offer.ts";
import { readRunningNote } from "../running-note.ts";
import type { SettingsFile } from "../settings/settings-file.ts";
import { valueText } from "../settings/value-text.ts";

const answerMsMax = 3_000;

const reasons: Record<PauseReason, string> = {
  asked: "its owner said so",
  hours: "these are not its hours",
  battery: "the machine is not on mains power",
  "in-use": "somebody uses the machine",
  busy: "other programs need the processor",
  network: "the day's data volume is used up",
  memory: "what it got needs more memory than it lends",
  other: "for another reason",
};

/** What the runner of this folder is at, as its page tells it, or as far as files do. */
export async function statusLines(dataDir: string, file: SettingsFile): Promise<string[]> {
  const note = await readRunningNote(dataDir);
  const settings = await file.read();
  const set = Object.entries(settings).map(([name, value]) => `${name}=${valueText(value)}`);
  const settingsLine = `settings  ${set.length > 0 ? set.join(" ") : "none: see `settings`"}`;
  if (!note) return ["state     not running", settingsLine];
  const state = note.page === null ? undefined : await stateFrom(note.page);
  if (!state) return [`state     running as process ${note.pid}, without a page`, settingsLine];
  return [...linesOf(state), settingsLine, `page      ${note.page}`];
}

async function stateFrom(page: string): Promise<RunnerPageState | undefined> {
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    const response = await fetch(`${page}/api/state`, { signal });
    return response.ok ? ((await response.json()) as RunnerPageState) : undefined;
  } catch {
    return undefined;
  }
}

function linesOf({
  server,
  connection,
  paused,
  activity,
  terms,
  owner,
}: RunnerPageState): string[] {
  const until = paused?.until === undefined ? "" : `, until ${localTime(paused.until)}`;
  const work = activity
    ? `${activity.busy} of ${activity.slots} slots, ${activity.leases.length} leases, ${activity.tasksDone} tasks done`
    : "";
  return [
    `state     ${paused ? `paused: ${reasons[paused.reason]}${until}` : server === null ? "has not joined" : "lending"}`,
    ...(server === null
      ? []
      : [
          `server    ${server}${connection.connected ? "" : ", not connected"} since ${localTime(connection.since)}`,
        ]),
    ...(owner === null ? [] : [`owner     ${owner}`]),
    ...(work === "" ? [] : [`work      ${work}`]),
    `lends     ${terms.slots} slots at ${terms.cpuPercent} %, ${terms.memoryMb} MB`,
  ];
}

function localTime(iso: string): string {
  return new Date(iso).toLocaleString();
}
