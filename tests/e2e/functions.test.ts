import { readdirSync } from "node:fs";
import path from "node:path";
import { PNG } from "pngjs";
import { runLocally } from "sparegrid/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Dataset, Job } from "../../client/index.ts";
import csvGroupBy from "../../functions/csv-group-by.ts";
import type digitsPredict from "../../functions/digits-predict.ts";
import type grep from "../../functions/grep.ts";
import invertedIndex from "../../functions/inverted-index.ts";
import type kMeans from "../../functions/k-means.ts";
import type logisticRegression from "../../functions/logistic-regression.ts";
import mandelbrot from "../../functions/mandelbrot.ts";
import type mlpDigits from "../../functions/mlp-digits.ts";
import type monteCarloPi from "../../functions/monte-carlo-pi.ts";
import type pageRank from "../../functions/page-rank.ts";
import {
  dataPath,
  readData,
  readLines,
  readNumbers,
  shell,
} from "../../functions/test-support/data.ts";
import type wordCount from "../../functions/word-count.ts";
import { root, System } from "../support/system.ts";

/**
 * Every published function over the real data through the whole system (upload, shards, leases, sandboxes, result),
 * compared with the answers of other programs that functions/data/README.md lists, or of shell tools asked here.
 */
const names = readdirSync(path.join(root, "functions"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -3));
const tested = new Set<string>();

let system: System;
let moby: Dataset;
let digits: Dataset;

beforeAll(async () => {
  system = await System.start();
  const { client } = system;
  await Promise.all(
    names.map((name) => client.functions.publishFile(path.join(root, "functions", `${name}.ts`))),
  );
  const contentEncoding = "gzip";
  [moby, digits] = await Promise.all([
    client.datasets.upload(dataPath("moby-dick.txt.gz"), {
      name: "moby",
      format: "lines",
      contentEncoding,
    }),
    client.datasets.upload(dataPath("digits.csv.gz"), {
      name: "digits",
      format: "matrix",
      contentEncoding,
    }),
  ]);
});
afterAll(() => system?.stop());
afterEach(({ task }) => {
  for (const name of names) if (task.name.startsWith(`${name}:`)) tested.add(name);
});

const digitRows = () => readNumbers("digits.csv.gz");

describe("text", () => {
  test("the book is cut into shards, whole lines each", () => {
    expect(moby.records).toBe(readLines("moby-dick.txt.gz").length);
    expect(moby.shards).toBeGreaterThan(4);
  });

  test("word-count: the words that GNU coreutils count", async () => {
    const { job, result } = await system.client.run<typeof wordCount>("word-count", {
      dataset: moby.id,
      params: { letters: "ascii" },
    });
    const top = result.toSorted((a, b) => b.value - a.value).slice(0, 5);
    expect(top.map(({ key, value }) => `${key} ${value}`).join(", ")).toBe(
      "the 14528, of 6618, and 6447, a 4748, to 4628",
    );
    const expected = shell(
      `zcat ${dataPath("moby-dick.txt.gz")} | tr -cs A-Za-z '\\n' | tr A-Z a-z | grep . | sort | uniq -c`,
    );
    expect(result.map(({ key, value }) => `${value} ${key}`)).toEqual(
      expected.map((line) => line.trim()),
    );
    expect(job.fuel).toBeGreaterThan(0);
  });

  test("grep: the lines that GNU grep finds", async () => {
    const { result } = await system.client.run<typeof grep>("grep", {
      dataset: moby.id,
      params: { pattern: "WHITE  *whale", flags: "i" },
    });
    const expected = shell(`zcat ${dataPath("moby-dick.txt.gz")} | grep -n -i 'WHITE  *whale'`);
    expect(result.map(({ key, value }) => `${Number(key)}:${value}`)).toEqual(expected);
  });

  test("inverted-index: the index that one process makes", async () => {
    const params = { minLength: 4 };
    const { result } = await system.client.run<typeof invertedIndex>("inverted-index", {
      dataset: moby.id,
      params,
    });
    expect(result).toEqual(runLocally(invertedIndex, readLines("moby-dick.txt.gz"), params));
  });

  test("page-rank: the ranks of the dense eigenvector", async () => {
    const reference = JSON.parse(readData("page-rank-reference.json")) as {
      edges: [string, string][];
      ranks: Record<string, number>;
    };
    const text = reference.edges.map((edge) => edge.join("\t")).join("\n");
    const { result } = await system.client.run<typeof pageRank>("page-rank", {
      input: text,
      params: { tolerance: 1e-14 },
      recordsPerTask: 7,
    });
    expect(result).toHaveLength(Object.keys(reference.ranks).length);
    for (const { node, rank } of result) expect(rank).toBeCloseTo(reference.ranks[node]!, 12);
  });
});

describe("tables", () => {
  test("csv-group-by: the figures that one process computes", async () => {
    const [, ...rows] = readData("breast_cancer.csv").trimEnd().split("\n");
    const header = Array.from({ length: 30 }, (_, i) => `f${i}`).join(",");
    const text = `${header},class\n${rows.join("\n")}\n`;
    const dataset = await system.client.datasets.upload(Buffer.from(text), {
      name: "cancer",
      format: "csv",
    });
    const params = { key: "class", value: "f3" };
    const { result } = await system.client.run<typeof csvGroupBy>("csv-group-by", {
      dataset: dataset.id,
      params,
      recordsPerTask: 50,
    });
    const expected = runLocally(csvGroupBy, text, params);
    expect(result.map(({ key, value }) => [key, value.count, value.min, value.max])).toEqual(
      expected.map(({ key, value }) => [key, value.count, value.min, value.max]),
    );
    for (const [i, { value }] of result.entries())
      expect(value.mean).toBeCloseTo(expected[i]!.value.mean, 9);
  });

  test("k-means: scikit-learn's inertia after as many iterations", async () => {
    const { job, result } = await system.client.run<typeof kMeans>("k-means", {
      dataset: digits.id,
      params: { k: 10, tolerance: 0, rounds: 100, skipLast: true, scale: 16 },
    });
    expect(job.round).toBe(14);
    expect(result.inertia).toBeCloseTo(4561.950719, 6);
    expect(job.metrics.inertia).toBe(result.inertia);
  });

  test("k-means: scikit-learn's inertia on standardised rows, raw doubles cut into tasks", async () => {
    const { client } = system;
    const rows = readNumbers("breast_cancer.csv", { skipLines: 1 });
    for (let column = 0; column < 30; column++) {
      const values = rows.map((row) => row[column]!);
      const mean = values.reduce((sum, x) => sum + x) / values.length;
      const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
      for (const row of rows) row[column] = (row[column]! - mean) / Math.sqrt(variance);
    }
    const doubles = Float64Array.from(rows.flat());
    const dataset = await client.datasets.upload(Buffer.from(doubles.buffer), {
      name: "standardised",
      format: "matrix",
      encoding: "f64",
      columns: 31,
    });
    const { job, result } = await client.run<typeof kMeans>("k-means", {
      dataset: dataset.id,
      params: { k: 2, tolerance: 0, rounds: 100, skipLast: true },
      recordsPerTask: 64,
    });
    expect(job.round).toBe(9);
    expect(result.inertia).toBeCloseTo(11595.683313, 6);
  });
});

describe("learning", () => {
  test("logistic-regression: scikit-learn's accuracies on the same split", async () => {
    const { job, result } = await system.client.run<typeof logisticRegression>(
      "logistic-regression",
      {
        dataset: digits.id,
        params: { classes: 10, scale: 16, trainRows: 1437, l2: 1, rate: 0.3, rounds: 300 },
      },
    );
    expect(job.round).toBe(300);
    expect(Math.abs(job.metrics.accuracy! - 0.9896)).toBeLessThan(0.005);
    expect(Math.abs(job.metrics.testAccuracy! - 0.9028)).toBeLessThan(0.005);
    expect(result.weights).toHaveLength(10);
  });

  let trained: Job;

  test("mlp-digits: within a point of scikit-learn's 0.914", async () => {
    const run = await system.client.run<typeof mlpDigits>("mlp-digits", {
      dataset: digits.id,
      params: { trainRows: 1437 },
    });
    trained = run.job;
    expect(Math.abs(trained.metrics.testAccuracy! - 0.914)).toBeLessThanOrEqual(0.01);
    expect(run.result.layers.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [64, 64],
      [64, 10],
    ]);
  });

  test("digits-predict: with the trained job as its model, as good as the training said", async () => {
    const { client } = system;
    const rows = digitRows();
    const uses = { model: `job:${trained.id}` };
    const { result } = await client.run<typeof digitsPredict>("digits-predict", {
      dataset: digits.id,
      uses,
    });
    expect(result).toHaveLength(rows.length);
    const right = result.slice(1437).filter(({ digit }, i) => digit === rows[1437 + i]![64]);
    const accuracy = right.length / 360;
    expect(Math.abs(accuracy - 0.914)).toBeLessThanOrEqual(0.01);
    expect(accuracy).toBeCloseTo(trained.metrics.testAccuracy!, 2);

    const some = rows.slice(0, 20);
    const invoked = await client.invoke<typeof digitsPredict>("digits-predict", some, { uses });
    expect(invoked.result).toEqual(result.slice(0, 20));
  });
});

describe("ranges", () => {
  test("monte-carlo-pi: within four standard errors; its seed decides, and nothing else", async () => {
    const { client } = system;
    const estimate = async (seed: number) =>
      (await client.run<typeof monteCarloPi>("monte-carlo-pi", { input: 20_000_000, seed })).result;
    const [first, again, other] = [await estimate(1), await estimate(1), await estimate(2)];
    expect(first.points).toBe(20_000_000);
    expect(first.standardError).toBeCloseTo(3.67e-4, 5);
    for (const { pi, standardError } of [first, other])
      expect(Math.abs(pi - Math.PI)).toBeLessThan(4 * standardError);
    expect(again).toEqual(first);
    expect(other.inside).not.toBe(first.inside);
  });

  test("mandelbrot: the picture that one process renders, whose area is the known 1.50659", async () => {
    const size = 300;
    const params = { width: size, iterations: 1000, centre: [-0.75, 0], scale: 2.6 };
    const { result } = await system.client.run<typeof mandelbrot>("mandelbrot", {
      input: size,
      params,
    });
    expect(Buffer.from(result).equals(runLocally(mandelbrot, size, params).value)).toBe(true);
    const image = PNG.sync.read(Buffer.from(result));
    expect([image.width, image.height]).toEqual([size, size]);
    let inside = 0;
    for (let at = 0; at < image.data.length; at += 4)
      if (image.data[at] === 0 && image.data[at + 1] === 0 && image.data[at + 2] === 0) inside++;
    expect(Math.abs(inside * (2.6 / size) ** 2 - 1.50659)).toBeLessThan(0.01);
  });
});

test("no published function is left out", () => {
  expect([...tested].sort()).toEqual([...names].sort());
});
