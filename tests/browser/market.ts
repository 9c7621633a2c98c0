import path from "node:path";
import type { TestMember } from "../../api/testing/test-api.ts";
import { createClient } from "../../client/index.ts";
import { root } from "../support/system.ts";

/** What a market may look like: the published functions under two names, with tags, readmes and royalties. */
const shelf: readonly [file: string, tags: string[], royaltyPercent: number][] = [
  ["word-count", ["text", "counting"], 0],
  ["grep", ["text", "search"], 0],
  ["inverted-index", ["text", "search"], 2.5],
  ["csv-group-by", ["tables", "counting"], 0],
  ["k-means", ["machine-learning", "clustering"], 5],
  ["logistic-regression", ["machine-learning", "training"], 5],
  ["mlp-digits", ["machine-learning", "training", "pictures"], 10],
  ["digits-predict", ["machine-learning", "pictures"], 10],
  ["mandelbrot", ["pictures"], 0],
  ["monte-carlo-pi", ["simulation"], 0],
  ["page-rank", ["graphs"], 0],
];

export const wordCountReadme = `# Word count

How often each word occurs in a text, by map and reduce: the hello world of
[Dean & Ghemawat, OSDI 2004](https://research.google/pubs/pub62/).

- give it **lines** of text
- it answers pairs of a word and its count, by word

\`\`\`ts
await client.run("word-count", { dataset });
\`\`\`

| words | seconds |
| ----- | ------- |
| 15 M  | 2.9     |
`;

/** A title that is markup, a description in a script that runs the other way. */
export const trickySource = `
import { items, map, param } from "sparegrid";
export default map({
  title: "<img src=x onerror=alert(1)> العدد & <b>bold</b>",
  description: "مرحبا بالعالم \\u202Eevil\\u202C <script>alert(2)</script>",
  input: items(),
  params: { factor: param.number(2, { title: "<i>factor</i>", min: 0, max: 10 }) },
  map: (item, { params }) => item * params.factor,
  example: { input: [1, 2, 3] },
});`;

/** @param names those of the shelf that are wanted; default all */
export async function stockMarket(
  url: string,
  author: TestMember,
  names?: string[],
): Promise<void> {
  const { functions } = createClient({ url, key: author.key });
  for (const [name, tags, royaltyPercent] of shelf) {
    if (names !== undefined && !names.includes(name)) continue;
    await functions.publishFile(path.join(root, `functions/${name}.ts`), {
      visibility: "public",
      tags,
      royaltyPercent,
      ...(name === "word-count" ? { readme: wordCountReadme } : {}),
    });
  }
}
