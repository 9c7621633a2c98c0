import { GridError } from "../../protocol/errors.ts";

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const daysMax = 365;

/** "30m", "1h", "2d", a time as ISO 8601, or "restart": as the setting has it. @throws GridError bad-request */
export function parsePause(text: string, nowMs: number): string {
  if (text === "restart") return text;
  const span = /^(\d{1,5})([mhd])$/.exec(text);
  const untilMs = span
    ? nowMs + Number(span[1]) * unitMs[span[2] as keyof typeof unitMs]
    : Date.parse(text);
  if (untilMs > nowMs && untilMs <= nowMs + daysMax * unitMs.d)
    return new Date(untilMs).toISOString();
  throw new GridError("bad-request", `"${text}" is no time to pause for`, {
    hint: "30m, 1h, 2d, a time to come such as 2027-01-31T08:00:00Z, or restart",
  });
}
