import { expect, test } from "vitest";
import { codeIn, invitationLink } from "./pool-path.ts";

test("a code is found in its link, in a sentence, and alone", () => {
  const code = "sgi_Ab-9_x";
  const link = invitationLink("https://grid.example", code);
  expect(link).toBe("https://grid.example/pools/join#sgi_Ab-9_x");
  for (const text of [code, ` ${code}\n`, link, `Join us: ${link}, please`])
    expect(codeIn(text), text).toBe(code);
  expect(codeIn(" what is this ")).toBe("what is this");
});
