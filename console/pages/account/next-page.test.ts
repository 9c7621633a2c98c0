import { expect, test } from "vitest";
import { nextPage } from "./next-page.ts";

const origin = "https://grid.example";
const after = (search: string) => nextPage({ search, origin });

test("after signing in one is where one wanted to be, on this site", () => {
  expect(after("")).toBe("/");
  expect(after("?next=/device%3Fcode=AB-CD")).toBe("/device?code=AB-CD");
  expect(after("?next=jobs")).toBe("/jobs");
});

test.each([
  "https://evil.example/",
  "//evil.example",
  "javascript:alert(1)",
  "http://grid.example/",
  "\\\\evil.example",
])("%s is not gone to", (next) => expect(after(`?next=${encodeURIComponent(next)}`)).toBe("/"));
