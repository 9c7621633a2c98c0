/**
 * Hours of the week, as people write them: "mon-fri 18:00-08:00, sat-sun". Without times a whole day, without days every
 * day; a span that ends before it begins goes on into the next day. Minutes count from Monday 00:00.
 */

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const minutesADay = 24 * 60;
export const minutesAWeek = 7 * minutesADay;

/** [from, to) in minutes of the week; `to` may lie in the next week. */
export type WeekSpan = readonly [from: number, to: number];

const part = /^(?:([a-z]{3})(?:-([a-z]{3}))?)?\s*(?:(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2}))?$/;

/** The spans, or what is wrong with the text. Pure. */
export function parseWeekHours(text: string): WeekSpan[] | string {
  const spans: WeekSpan[] = [];
  for (const piece of text.toLowerCase().split(",")) {
    const written = piece.trim();
    const match = part.exec(written);
    if (written === "" || !match) return `"${written}" is not like "mon-fri 18:00-08:00"`;
    const [, firstDay, lastDay, fromHour, fromMinute, toHour, toMinute] = match;
    const first = firstDay === undefined ? 0 : days.indexOf(firstDay);
    const last =
      lastDay === undefined ? (firstDay === undefined ? 6 : first) : days.indexOf(lastDay);
    if (first < 0 || last < 0) return `days are ${days.join(", ")}`;
    const from = timeOf(fromHour, fromMinute, 0);
    const to = timeOf(toHour, toMinute, minutesADay);
    if (from === undefined || to === undefined || from === minutesADay)
      return `"${written}" has no such time: 00:00 to 24:00`;
    const length = to > from ? to - from : to + minutesADay - from;
    // sun-mon is Sunday and Monday.
    for (let day = first; ; day = (day + 1) % 7) {
      spans.push([day * minutesADay + from, day * minutesADay + from + length]);
      if (day === last) break;
    }
  }
  return spans;
}

/** Whether a minute of the week lies within. */
export function isWithin(spans: readonly WeekSpan[], minute: number): boolean {
  return spans.some(([from, to]) => (minute >= from && minute < to) || minute + minutesAWeek < to);
}

/** The minute of the week at a time, by the machine's own time zone. */
export function weekMinuteOf(time: Date): number {
  return ((time.getDay() + 6) % 7) * minutesADay + time.getHours() * 60 + time.getMinutes();
}

/**
 * When it is next within; undefined when never. Asked of the clock minute by minute, since a day may have 23 or 25
 * hours.
 */
export function nextWithin(spans: readonly WeekSpan[], nowMs: number): number | undefined {
  const minuteMs = 60_000;
  const startMs = Math.floor(nowMs / minuteMs) * minuteMs;
  for (let i = 0; i <= minutesAWeek + 120; i++) {
    const atMs = startMs + i * minuteMs;
    if (isWithin(spans, weekMinuteOf(new Date(atMs)))) return Math.max(atMs, nowMs);
  }
  return undefined;
}

function timeOf(
  hour: string | undefined,
  minute: string | undefined,
  otherwise: number,
): number | undefined {
  if (hour === undefined || minute === undefined) return otherwise;
  const at = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && at <= minutesADay ? at : undefined;
}
