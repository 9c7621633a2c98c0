import { readFileSync } from "node:fs";

/** One file per verb of jobs, one for blobs; shared.lua first. */
const files = [
  "shared",
  "create",
  "lease",
  "complete",
  "recall",
  "release",
  "renew",
  "expire",
  "advance",
  "follow",
  "set-status",
  "pause",
  "resume",
  "change-params",
  "partition",
  "remove",
  "collect",
  "append",
  "outputs",
  "blobs",
  "memos",
];

/** The number goes up with every change that an older process could not live with. */
const libraryName = "sparegrid_4";

export type FunctionName =
  | "create"
  | "lease"
  | "complete"
  | "release"
  | "renew"
  | "expire"
  | "advance"
  | "follow"
  | "set_status"
  | "pause"
  | "resume"
  | "change_params"
  | "partition"
  | "remove"
  | "collect"
  | "append"
  | "outputs"
  | "renew_blob"
  | "remove_idle_blob"
  | "recall"
  | "memo_put"
  | "memo_used"
  | "memo_forget";

export function serverName(name: FunctionName): string {
  return `${libraryName}_${name}`;
}

/** The source of the server-side function library (Redis 7 Functions). Each file is a scope of its own. */
export function librarySource(): string {
  const [shared, ...verbs] = files.map((file) =>
    readFileSync(new URL(`./${file}.lua`, import.meta.url), "utf8"),
  );
  const scopes = verbs.map((source) => `do\n${source}\nend\n`);
  return `#!lua name=${libraryName}\n${shared}\n${scopes.join("")}`;
}
