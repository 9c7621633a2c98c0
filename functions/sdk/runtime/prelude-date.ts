const noClock = "there is no clock in a function: pass a time as a parameter";
/** An ISO date alone is UTC by the standard; a zone at the end says so; anything else would be local time. */
const zoned = /(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\)?$/i;
const dateOnly = /^[+-]?\d{4,6}(?:-\d\d){0,2}$/;
const isoTime = /^[+-]?\d{4,6}-\d\d-\d\dT/;

/** Names of Date's accessors that read or write local time, without their "get" or "set". */
const fields = ["FullYear", "Month", "Date", "Hours", "Minutes", "Seconds", "Milliseconds"];

/**
 * A Date without a clock and without a time zone: everything is UTC, on every machine. `new Date()` and `Date.now()`
 * throw; dates from numbers, texts and parts work.
 */
export function replaceDate(target: { Date: DateConstructor }): void {
  const Native = Date;
  const prototype = Native.prototype as unknown as Record<string, unknown>;
  const utc = Native.UTC;
  const parseNative = Native.parse;

  const parseUtc = (text: string): number => {
    if (dateOnly.test(text) || zoned.test(text)) return parseNative(text);
    return parseNative(isoTime.test(text) ? `${text}Z` : `${text} UTC`);
  };

  function UtcDate(this: unknown, ...parts: unknown[]): Date {
    if (new.target === undefined || parts.length === 0) throw new Error(noClock);
    const time = parts.length === 1 ? single(parts[0]) : utc(...(parts as [number, number]));
    // Reflect.construct, so that a subclass gets its own prototype.
    return Reflect.construct(Native, [time], new.target) as Date;
  }

  function single(value: unknown): number {
    if (value instanceof Native) return value.getTime();
    return typeof value === "string" ? parseUtc(value) : Number(value);
  }

  const define = (object: object, name: PropertyKey, value: unknown): void => {
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  };
  define(UtcDate, "name", "Date");
  Object.defineProperty(UtcDate, "length", { value: 7, configurable: true });
  Object.defineProperty(UtcDate, "prototype", { value: Native.prototype, writable: false });
  define(UtcDate, "UTC", utc);
  define(UtcDate, "parse", (text: unknown) => parseUtc(String(text)));
  define(UtcDate, "now", () => {
    throw new Error(noClock);
  });
  define(Native.prototype, "constructor", UtcDate);
  for (const field of fields) {
    define(Native.prototype, `get${field}`, prototype[`getUTC${field}`]);
    define(Native.prototype, `set${field}`, prototype[`setUTC${field}`]);
  }
  define(Native.prototype, "getDay", prototype.getUTCDay);
  define(Native.prototype, "getTimezoneOffset", () => 0);
  define(Native.prototype, "getYear", function getYear(this: Date) {
    return this.getUTCFullYear() - 1900;
  });
  const inUtc = prototype.toUTCString as () => string;
  const dateText = (date: Date): string => {
    // "Thu, 01 Jan 1970 00:00:00 GMT" → "Thu Jan 01 1970"
    const [day, number, month, year] = inUtc.call(date).split(" ");
    return year === undefined ? "Invalid Date" : `${day!.slice(0, 3)} ${month} ${number} ${year}`;
  };
  const timeText = (date: Date): string => {
    const time = inUtc.call(date).split(" ")[4];
    return time === undefined ? "Invalid Date" : `${time} GMT+0000 (Coordinated Universal Time)`;
  };
  define(Native.prototype, "toDateString", function toDateString(this: Date) {
    return dateText(this);
  });
  define(Native.prototype, "toTimeString", function toTimeString(this: Date) {
    return timeText(this);
  });
  const whole = {
    toString(this: Date): string {
      const date = dateText(this);
      return date === "Invalid Date" ? date : `${date} ${timeText(this)}`;
    },
  };
  define(Native.prototype, "toString", whole.toString);
  define(target, "Date", UtcDate);
}
