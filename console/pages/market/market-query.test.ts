import { expect, test } from "vitest";
import { commonTags, isNarrowed, listQueryOf, marketQueryOf } from "./market-query.ts";

const read = (search: string) => {
  const values = new URLSearchParams(search);
  return marketQueryOf((name) => values.get(name) ?? "");
};

test("the market shows what is run most, and the best match first when words are searched", () => {
  expect(read("").sort).toBe("runs");
  expect(read("q=word").sort).toBe("relevance");
  expect(read("q=word&sort=new").sort).toBe("new");
});

test("an address with words that mean nothing is read as if they were absent", () => {
  const query = read("sort=sideways&kind=square&owner=ada");
  expect(query).toEqual({ q: "", tag: "", kind: "", mine: false, sort: "runs" });
  expect(isNarrowed(query)).toBe(false);
});

test("a search for what no word is in lists everything, and keeps what was typed", () => {
  expect(listQueryOf(read("q=%20%2C"))).toMatchObject({ q: "" });
  expect(read("q=%20%2C").q).toBe(" ,");
  expect(listQueryOf(read("q=%20007&owner=me"))).toMatchObject({ q: "007", owner: "me" });
});

test("the tags offered are the most frequent, ties by name", () => {
  expect(commonTags([["text", "b"], ["a", "text"], []], 2)).toEqual(["text", "a"]);
});
