import { expect, test } from "vitest";
import type { Tried } from "../../../protocol/http-try.ts";
import { previewOfTried } from "./tried-preview.ts";

const of = (kind: Tried["description"]["kind"], output: Tried["output"]) =>
  previewOfTried({ output, description: { kind } as Tried["description"] });

test("pairs, records and values are shown as a job's result would be", () => {
  const pairs = [{ key: "a", value: 1 }];
  expect(of("mapReduce", { type: "json", value: pairs, bytes: 9 })).toEqual({
    type: "pairs",
    pairs,
    more: false,
  });
  const cut = { unit: "items", shown: 2, of: 9 } as const;
  expect(of("map", { type: "json", value: [1, "b"], bytes: 9, cut })).toEqual({
    type: "records",
    records: [1, "b"],
    more: true,
  });
  expect(of("iterate", { type: "json", value: [1, 2], bytes: 9 })).toMatchObject({
    type: "value",
    text: "[1, 2]",
  });
});

test("a picture is shown unless it was cut; other bytes are not", () => {
  const png = { type: "bytes", base64: "AAEC", contentType: "image/png", bytes: 3 } as const;
  expect(of("map", png)).toMatchObject({ type: "picture", url: "data:image/png;base64,AAEC" });
  const cut = { unit: "bytes", shown: 3, of: 9 } as const;
  expect(of("map", { ...png, cut })).toEqual({ type: "bytes", contentType: "image/png" });
  expect(of("map", { ...png, contentType: "text/html" })).toMatchObject({ type: "bytes" });
});
