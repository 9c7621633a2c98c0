import { launch } from "chrome-launcher";
import lighthouse, { type Result } from "lighthouse";
import type { Stage } from "../tests/browser/stage.ts";
import { chromiumFlags, chromiumPath } from "../tests/support/chromium.ts";
import type { Bench, BenchOptions, Row } from "./support/report.ts";
import { starterThere, withStage, withStarter } from "./support/stage.ts";
import { median } from "./support/stats.ts";

const reach = 95;
const categories = {
  performance: "performance",
  accessibility: "accessibility",
  "best-practices": "best practices",
} as const;
type Category = keyof typeof categories;
const names = Object.keys(categories) as Category[];

interface Place {
  name: string;
  path: string;
  cookie?: string;
}

/** Lighthouse as it is set up by itself: a phone, its network and processor simulated. */
export const lighthouseScores: Bench = {
  name: "lighthouse",
  about: "Lighthouse's scores of market, editor, job and lab (a phone, simulated throttling)",
  run: (options) =>
    withStage("Lighthouse", options, withStarter, async (stage) => {
      await starterThere(stage);
      const rows: Row[] = [];
      for (const place of await placesOf(stage))
        rows.push(...(await scoresOf(stage, place, options)));
      return rows;
    }),
};

async function placesOf(stage: Stage): Promise<Place[]> {
  const { cookie } = await stage.operator();
  const { jobs, datasets } = stage.system.client;
  const digits = (await Array.fromAsync(datasets.list())).find(({ name }) => name === "digits");
  const trained = await jobs.submit({
    function: "mlp-digits",
    dataset: digits!.id,
    params: { rounds: 80 },
  });
  await jobs.wait(trained.id);
  return [
    { name: "market", path: "/" },
    { name: "editor", path: "/new?template=map", cookie },
    { name: "job", path: `/jobs/${trained.id}`, cookie },
    { name: "lab", path: "/lab", cookie },
  ];
}

async function scoresOf(stage: Stage, place: Place, { smoke, log }: BenchOptions): Promise<Row[]> {
  const wanted = names.filter((category) => !smoke || isSteady(category));
  const results: Result[] = [];
  for (let turn = 0; turn < (smoke ? 1 : 5); turn++) results.push(await look(stage, place, wanted));
  for (const line of costs(results.at(-1)!)) log(`${place.name}: ${line}`);
  return wanted.map((category) => {
    const scores = results.map((result) =>
      Math.round((result.categories[category]?.score ?? 0) * 100),
    );
    const score = median(scores);
    return {
      measure: `Lighthouse, ${place.name}, ${categories[category]}`,
      ours: `${score}${scores.length > 1 ? ` (${Math.min(...scores)} to ${Math.max(...scores)}, n=${scores.length})` : ""}`,
      peer: "–",
      ratio: "–",
      reach: `≥ ${reach}`,
      reached: score >= reach,
      steady: isSteady(category),
    };
  });
}

/** Performance is computed from times, on a machine that others may use too. */
const isSteady = (category: Category) => category !== "performance";

/** One look with a browser of its own, whose cache is empty. @throws Error when the page could not be looked at */
async function look(
  stage: Stage,
  { path, cookie }: Place,
  onlyCategories: Category[],
): Promise<Result> {
  const chrome = await launch({
    chromePath: chromiumPath()!,
    chromeFlags: ["--headless", ...chromiumFlags],
    logLevel: "silent",
  });
  try {
    const ran = await lighthouse(new URL(path, stage.url).href, {
      port: chrome.port,
      logLevel: "silent",
      onlyCategories,
      ...(cookie === undefined ? {} : { extraHeaders: { cookie } }),
    });
    if (ran === undefined || ran.lhr.runtimeError)
      throw new Error(`Lighthouse: ${ran?.lhr.runtimeError?.message ?? "no result"}`);
    return ran.lhr;
  } finally {
    chrome.kill();
  }
}

/** What keeps a score from 100, dearest first. */
function costs({ categories, audits }: Result): string[] {
  return names.flatMap((name) =>
    (categories[name]?.auditRefs ?? [])
      .map(({ id, weight }) => ({ id, lost: weight * (1 - (audits[id]?.score ?? 1)) }))
      .filter(({ lost }) => lost > 0)
      .sort((a, b) => b.lost - a.lost)
      .map(({ id, lost }) => {
        const { title = id, displayValue } = audits[id] ?? {};
        return `${name} loses ${lost.toFixed(1)} by ${id}: ${title}${displayValue ? ` (${displayValue})` : ""}`;
      }),
  );
}
