import { expect, test } from "vitest";
import { Readmes } from "./readme.ts";

const readmes = new Readmes();

test.each([
  ["<script>alert(1)</script>", /<script/i],
  ["<img src=x onerror=alert(1)>", /<img/i],
  ["a <b onclick='x'>b</b>", /<b/i],
  ["[x](javascript:alert(1))", /href/i],
  ["[x](JaVaScRiPt:alert(1))", /href/i],
  ["[x](&#106;avascript:alert(1))", /href/i],
  ["[x](java\tscript:alert(1))", /href/i],
  ["[x](vbscript:x)", /href/i],
  ["[x](data:text/html;base64,PHNjcmlwdD4=)", /href/i],
  ["[x](file:///etc/passwd)", /href/i],
  ["[x](//evil.example)", /href/i],
  ["[x](/v1/keys)", /href/i],
  ["<javascript:alert(1)>", /href/i],
  ["[x]: javascript:alert(1)\n\n[x]", /href/i],
  ['[x](https://a.example "t" onclick="alert(1)")', /<[^>]*onclick/i],
  ['[x](https://a.example/"onclick="alert(1))', /"\s*onclick/i],
  ["![x](http://tracker.example/x.png)", /<img/i],
  ["![x](/v1/me)", /<img/i],
  ["![x](data:image/svg+xml,<svg onload=alert(1)>)", /<img|<svg/i],
  ["![x](data:image/png;base64,AAAA)", /<img/i],
  ["```html <script>\n<script>alert(1)</script>\n```", /<script/i],
  ['```"><script>alert(1)</script>\nx\n```', /<script/i],
])("%j gives nothing that acts", (readme, forbidden) => {
  const html = readmes.html(readme);
  expect(html).not.toMatch(forbidden);
  expect(tagsOf(html)).toEqual([]);
});

/** What a browser would take for a tag, beyond plain ones of text and links with the two attributes that they need. */
function tagsOf(html: string): string[] {
  const plain =
    /^<(?:\/[a-z0-9]+|[a-z0-9]+|code class="language-[^"]*"|a href="[^"]*" rel="nofollow noopener")>$/;
  return [...html.matchAll(/<[^>]*>?/g)].map(([tag]) => tag).filter((tag) => !plain.test(tag));
}

test("links and pictures of the web stay, and pass no reputation on", () => {
  expect(readmes.html("[x](https://a.example) <me@a.example>")).toBe(
    '<p><a href="https://a.example" rel="nofollow noopener">x</a> <a href="mailto:me@a.example" rel="nofollow noopener">me@a.example</a></p>\n',
  );
  expect(readmes.html("see https://a.example")).toContain('rel="nofollow noopener"');
  expect(readmes.html('![a "b"](https://a.example/x.png)')).toBe(
    '<p><img src="https://a.example/x.png" alt="a &quot;b&quot;"></p>\n',
  );
  expect(readmes.html("![a <b>](http://a.example/x.png)")).toBe("<p>a &lt;b&gt;</p>\n");
});

test.each([
  ["nested quotes", `${">".repeat(200)} x\n`.repeat(480)],
  ["nested lists", "- ".repeat(50_000)],
  ["open brackets", "[".repeat(100_000)],
  ["open links", "[x](".repeat(25_000)],
  ["stars", "*a **a ".repeat(14_000)],
  ["ticks", Array.from({ length: 440 }, (_, i) => "`".repeat(i)).join(" ")],
  ["a wide table", `${"|a".repeat(30_000)}|\n${"|-".repeat(15_000)}|\n${"|x\n".repeat(300)}`],
  [
    "a table of empty cells",
    `${"|a".repeat(9_000)}|\n${"|-".repeat(9_000)}|\n${"|x\n".repeat(9_000)}`,
  ],
  ["addresses", "a@".repeat(50_000)],
  ["URLs", "http://a.b/(".repeat(8_000)],
  ["entities", "&amp;".repeat(20_000)],
  [
    "references",
    Array.from({ length: 4_000 }, (_, i) => `[${i}]: https://a.example/${i}`).join("\n"),
  ],
])("a hostile readme (%s) is rendered in bounded time to bounded HTML", (_what, readme) => {
  const before = process.cpuUsage();
  const html = readmes.html(readme.slice(0, 50_000));
  expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  expect(html.length).toBeLessThan(1_100_000);
});

test("a readme that is too long to be rendered is shown as it is written", () => {
  const html = readmes.html(`# <b>${"x".repeat(60_000)}`);
  expect(html).toMatch(/^<pre># &lt;b&gt;x+<\/pre>$/);
});

test("a table stays one unless it is huge", () => {
  expect(readmes.html("|a|b|\n|-|-|\n|1|2|")).toContain("<td>1</td>");
});
