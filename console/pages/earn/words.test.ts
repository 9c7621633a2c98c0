import { expect, test } from "vitest";
import { creditsText, dayEndMs, foreignHost } from "./words.ts";

test("a day ends at the next midnight of UTC", () => {
  const end = Date.UTC(2026, 10, 24);
  expect(dayEndMs(Date.UTC(2026, 10, 23, 12, 30))).toBe(end);
  expect(dayEndMs(Date.UTC(2026, 10, 23))).toBe(end);
});

test("another site is named when it would see who watches", () => {
  const url = "https://tea.example:8443/spot.mp4?v=1";
  expect(foreignHost({ media: { kind: "video", url, uploaded: false } })).toBe("tea.example:8443");
  const here = "/v1/campaigns/cmp_1/media";
  expect(foreignHost({ media: { kind: "picture", url: here, uploaded: true } })).toBeUndefined();
  expect(foreignHost({})).toBeUndefined();
});

test("one credit is one", () => {
  expect([creditsText(1), creditsText(0.25), creditsText(2)]).toEqual([
    "1 credit",
    "0.25 credits",
    "2 credits",
  ]);
});
