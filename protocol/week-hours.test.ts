import { describe, expect, it } from "vitest";
import { isWithin, nextWithin, parseWeekHours, type WeekSpan, weekMinuteOf } from "./week-hours.ts";

const spansOf = (text: string): WeekSpan[] => {
  const spans = parseWeekHours(text);
  if (typeof spans === "string") throw new Error(spans);
  return spans;
};
const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const at = (day: string, hour: number, minute = 0) => days.indexOf(day) * 1440 + hour * 60 + minute;

describe("hours of the week", () => {
  it("go over midnight, and from Sunday into Monday", () => {
    const spans = spansOf("mon-fri 18:00-08:00, sat-sun");
    expect(isWithin(spans, at("mon", 17, 59))).toBe(false);
    expect(isWithin(spans, at("mon", 18))).toBe(true);
    expect(isWithin(spans, at("tue", 7, 59))).toBe(true);
    expect(isWithin(spans, at("tue", 8))).toBe(false);
    expect(isWithin(spans, at("sat", 12))).toBe(true);
    expect(isWithin(spansOf("sun 22:00-06:00"), at("mon", 5, 59))).toBe(true);
    expect(isWithin(spansOf("sun 22:00-06:00"), at("mon", 6))).toBe(false);
  });

  it("without days are every day's, without times whole days; a range of days may wrap", () => {
    expect(days.every((day) => isWithin(spansOf("22:00-24:00"), at(day, 23)))).toBe(true);
    const wrapped = spansOf("sat-mon");
    expect(["sat", "sun", "mon"].every((day) => isWithin(wrapped, at(day, 0)))).toBe(true);
    expect(isWithin(wrapped, at("tue", 0))).toBe(false);
  });

  it("say what is wrong with what nobody can read", () => {
    for (const wrong of [
      "",
      "mon-",
      "mon 8-9",
      "xyz 08:00-09:00",
      "25:00-26:00",
      "08:61-09:00",
      ",",
    ])
      expect(parseWeekHours(wrong), wrong).toBeTypeOf("string");
  });

  it("begin again at a minute that can be named, by the machine's clock", () => {
    const spans = spansOf("mon-fri 18:00-08:00");
    const noon = new Date(2026, 10, 23, 12, 34, 56).getTime();
    expect(new Date(nextWithin(spans, noon)!)).toEqual(new Date(2026, 10, 23, 18, 0, 0));
    expect(weekMinuteOf(new Date(noon))).toBe(at("mon", 12, 34));
    const evening = new Date(2026, 10, 23, 20).getTime();
    expect(nextWithin(spans, evening)).toBe(evening);
  });
});
