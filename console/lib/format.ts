/** How figures read: short, in English, the same everywhere. Pure. */
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const dateTime = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

export const count = (value: number): string => whole.format(value);
/** 12.3K, 4.5M. */
export const compact = (value: number): string => short.format(value);

/** Credits: as many decimals as the size of the amount asks for, never more than the six there are. */
export function credits(value: number): string {
  const size = Math.abs(value);
  const digits = size === 0 || size >= 1_000 ? 0 : size >= 1 ? 2 : size >= 0.01 ? 4 : 6;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let index = 0;
  let left = value;
  for (; left >= 1000 && index < units.length - 1; index++) left /= 1000;
  return `${left.toLocaleString("en", { maximumFractionDigits: left < 10 && index > 0 ? 1 : 0 })} ${units[index]}`;
}

export function duration(ms: number): string {
  if (ms < 1) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400_000],
  ["month", 30 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

export function ago(time: string | number, nowMs = Date.now()): string {
  const passedMs = new Date(time).getTime() - nowMs;
  for (const [unit, ms] of steps)
    if (Math.abs(passedMs) >= ms) return relative.format(Math.round(passedMs / ms), unit);
  return "just now";
}

export const when = (time: string | number): string => dateTime.format(new Date(time));

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
