import type { JobStatus } from "../../protocol/job.ts";
import type { Colors } from "./terminal.ts";

export function statusMark(status: JobStatus, colors: Colors): string {
  if (status === "succeeded") return colors.green("✔");
  if (status === "failed") return colors.red("✘");
  return colors.yellow("●");
}
