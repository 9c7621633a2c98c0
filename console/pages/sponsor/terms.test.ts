import { expect, test } from "vitest";
import { mediaBytesMax } from "../../../protocol/limits.ts";
import { fileFault, missingCredits, termsDefault, termsOf, viewsFor } from "./terms.ts";

test("what was left empty is left to the server", () => {
  const typed = { ...termsDefault, title: " Tea ", perViewer: undefined };
  expect(termsOf(typed)).toEqual({
    title: "Tea",
    text: "",
    creditsPerView: 0.5,
    watchSeconds: 15,
    caps: { perViewerDay: 1, perDay: null },
  });
});

test("a time is one of whoever types it", () => {
  const startsAt = "2026-11-23T12:00";
  const terms = termsOf({ ...termsDefault, title: "Tea", startsAt });
  expect(terms.startsAt).toBe(new Date(2026, 10, 23, 12).toISOString());
});

test.each([
  [1, 0.1, 10],
  [0.3, 0.1, 3],
  [0.29, 0.1, 2],
  [5, 0, 0],
  [undefined, 1, 0],
])("%s credits at %s a view pay %s views", (credits, perView, views) => {
  expect(viewsFor(credits, perView)).toBe(views);
});

test("only what the draft lacks is paid", () => {
  expect(missingCredits(0.3, 0.1)).toBe(0.2);
  expect(missingCredits(50, 50)).toBe(0);
  expect(missingCredits(20, 50)).toBe(0);
});

test.each([
  [{ size: 10, type: "image/png" }, undefined],
  [{ size: 0, type: "image/png" }, "empty"],
  [{ size: mediaBytesMax + 1, type: "video/mp4" }, "at most"],
  [{ size: 10, type: "image/svg+xml" }, "PNG"],
])("%j: %s", (file, fault) => {
  const found = fileFault(file);
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(fault);
});
