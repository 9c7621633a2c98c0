import { mkdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { pageFiles } from "../api/runners/package/page-files.ts";
import { RunnerProgram } from "../runner/testing/runner-program.ts";
import buildConsole from "../tests/browser/build-console.ts";
import { stockEarning } from "../tests/browser/earn.ts";
import { stockOperator } from "../tests/browser/operator.ts";
import { drawPicture, stockSponsor } from "../tests/browser/sponsor.ts";
import { examine, phone, Stage, wide } from "../tests/browser/stage.ts";
import { until } from "../tests/support/system.ts";

/**
 * The pictures of README.md and the guides: every page of the console, in light and dark, wide and on a phone, of a real
 * server with a real runner. Each is examined by axe-core as well; a violation fails the command. Needs chromium.
 *
 *   npm run pictures -- [name]      # into docs/screens, all or those whose name begins so
 */
const folder = path.join(import.meta.dirname, "screens");
const settleMs = 800;

interface Shot {
  name: string;
  /** Of the server, or the whole address. */
  path: string;
  /** Also what is to be seen only after doing something. */
  prepare?: (page: Page) => Promise<void>;
}

await mkdir(folder, { recursive: true });
await buildConsole();
pageFiles();
await using stage = await Stage.start({ env: { STARTER: "1" } });
const { client } = stage.system;
await until(
  async () => (await client.functions.get("digits-predict")).name !== "",
  "the functions to begin with",
  60_000,
);
// Another member's machine, so that it earns.
const { key: token } = await stage.member("ada");
const named = ["--name", "attic", "--slots", "1"];
await using machine = await RunnerProgram.start(["--url", stage.url, "--token", token, ...named]);
await until(() => machine.output.includes("connected"), "the machine in the attic");
const datasets = await Array.fromAsync(client.datasets.list());
const idOf = (name: string) => datasets.find((dataset) => dataset.name === name)?.id ?? "";
const words = await client.jobs.submit({ function: "word-count", dataset: idOf("moby-dick") });
const digits = { function: "mlp-digits", dataset: idOf("digits") };
const slow = await client.jobs.submit({ ...digits, params: { rounds: 80 } });
const fast = await client.jobs.submit({ ...digits, params: { rounds: 80, rate: 0.05 } });
const picture = await client.jobs.submit({
  function: "mandelbrot",
  input: 240,
  params: { width: 360 },
});
const failed = await client.jobs.submit({ function: "csv-group-by", input: "a,b\n1,2\n" });
const paid = await client.jobs.submit({
  function: "monte-carlo-pi",
  input: 50_000_000,
  pool: "everyone",
  memo: false,
});
for (const { id } of [paid, words, slow, fast, picture, failed]) await client.jobs.wait(id);
const running = await client.jobs.submit({
  function: "monte-carlo-pi",
  input: 2_000_000_000_000,
  pool: "everyone",
  memo: false,
});

const operator = await stage.operator();
const artist = await stage.visit();
const commercial = await drawPicture(artist);
await stockOperator(stage, artist);
const { code } = await stockEarning(stage);
const campaign = await stockSponsor(stage, commercial);
await artist.context.close();
await client.ledger.verify();

const shots: readonly Shot[] = [
  { name: "market", path: "/" },
  { name: "function", path: "/f/operator/k-means" },
  { name: "run", path: "/f/operator/mlp-digits?tab=run" },
  { name: "new", path: "/new" },
  { name: "editor", path: "/new?template=iterate", prepare: tryIt },
  { name: "editor-publish", path: "/f/operator/word-count/edit", prepare: changeIt },
  { name: "jobs", path: "/jobs" },
  { name: "job", path: `/jobs/${fast.id}` },
  { name: "job-words", path: `/jobs/${words.id}` },
  { name: "job-picture", path: `/jobs/${picture.id}` },
  { name: "job-failed", path: `/jobs/${failed.id}` },
  { name: "job-running", path: `/jobs/${running.id}` },
  { name: "compare", path: `/jobs/compare?a=${slow.id}&b=${fast.id}` },
  { name: "datasets", path: "/datasets" },
  { name: "dataset", path: `/datasets/${idOf("digits")}` },
  { name: "machines", path: "/machines" },
  { name: "pools", path: "/pools" },
  { name: "pool", path: "/pools/operator/home-lab" },
  { name: "pool-join", path: `/pools/join#${code}` },
  { name: "earn", path: "/earn" },
  { name: "earn-watch", path: "/earn", prepare: watch },
  { name: "payouts", path: "/payouts", prepare: quote },
  { name: "wallet", path: "/wallet" },
  { name: "account", path: "/account" },
  { name: "sponsor", path: "/sponsor" },
  { name: "sponsor-new", path: "/sponsor/new", prepare: advertise },
  { name: "campaign", path: `/sponsor/${campaign}` },
  { name: "operator", path: "/operator" },
  { name: "operator-members", path: "/operator/members" },
  { name: "operator-member", path: "/operator/members/ada-l" },
  { name: "operator-runners", path: "/operator/runners" },
  { name: "operator-jobs", path: "/operator/jobs" },
  { name: "operator-rates", path: "/operator/rates" },
  { name: "operator-payouts", path: "/operator/payouts" },
  { name: "operator-campaigns", path: "/operator/campaigns" },
  { name: "lab", path: "/lab", prepare: train },
  { name: "lab-clusters", path: "/lab?lab=clusters", prepare: cluster },
  { name: "runner-page", path: machine.page!, prepare: earn },
  { name: "sign-in", path: "/sign-in" },
  { name: "sign-up", path: "/sign-up" },
  { name: "device", path: "/device" },
];
const visitors = new Set(["sign-in", "sign-up"]);
for (const { name, path: address, prepare } of shots) {
  if (!name.startsWith(process.argv[2] ?? "")) continue;
  let kept = Number.POSITIVE_INFINITY;
  const violations: string[] = [];
  for (const [size, viewport] of Object.entries({ wide, phone }))
    for (const colorScheme of ["light", "dark"] as const) {
      const as = visitors.has(name) ? {} : { as: operator };
      const { page, context } = await stage.visit({ ...as, viewport, colorScheme, path: address });
      await page.getByRole("heading", { level: 1 }).waitFor();
      await prepare?.(page);
      await sleep(settleMs);
      await page.screenshot({ path: path.join(folder, `${name}-${size}-${colorScheme}.png`) });
      const examined = await examine(page);
      kept = Math.min(kept, examined.kept);
      violations.push(...examined.found);
      await context.close();
    }
  process.stdout.write(
    `${name.padEnd(20)} 4 pictures   axe-core: ${violations.length} violations, ${kept} rules kept\n`,
  );
  for (const violation of violations) process.stdout.write(`  ${violation}\n`);
  if (violations.length > 0) process.exitCode = 1;
}
await client.jobs.cancel(running.id);

async function earn(page: Page): Promise<void> {
  await page
    .getByText(/: [\d.]*[1-9] credits$/)
    .last()
    .waitFor({ state: "attached" });
}

async function advertise(page: Page): Promise<void> {
  await page.getByLabel("Title").fill("Hill tea");
  await page.getByLabel("Text").fill("Picked at 2,000 metres, dried in the sun.");
  await page.getByLabel("Link").fill("https://tea.example/");
  const file = { name: "hill-tea.png", mimeType: "image/png", buffer: commercial };
  await page.getByLabel("File to upload").setInputFiles(file);
  await page.getByRole("img", { name: "Commercial: Hill tea" }).waitFor();
}

async function watch(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Watch Learn to sail" }).click();
  await page.getByText(/^(?:[4-9]|\d\d) of 45 s/).waitFor();
}

async function quote(page: Page): Promise<void> {
  await page.getByLabel("Credits", { exact: true }).fill("500");
  await page.getByText("3.90 EUR").waitFor();
}

async function tryIt(page: Page): Promise<void> {
  await page.getByText("TypeScript", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Try", exact: true }).click();
  await page.getByRole("img", { name: /^Metrics of/ }).waitFor();
}

async function changeIt(page: Page): Promise<void> {
  await page.getByLabel("Source of word-count.ts").waitFor();
  // Lines move once, when their typeface is here.
  await sleep(settleMs);
  await page.locator(".cm-line", { hasText: 'title: "Word count"' }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+Home");
  await page.keyboard.insertText('title: "Count the words",');
  await page.locator(".cm-line", { hasText: "const word of" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.insertText("// Each occurrence counts one.");
  await page.keyboard.press("Control+s");
  await page.getByText("1 file changed since version").waitFor();
}

async function train(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Train" }).click();
  await page.getByText(/^Round \d{2,}/).waitFor();
  const paper = page.getByLabel("Draw a digit here");
  await paper.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await paper.boundingBox())!;
  const at = (across: number, down: number) => [x + across * width, y + down * height] as const;
  await page.mouse.move(...at(0.3, 0.25));
  await page.mouse.down();
  for (const [across, down] of [
    [0.5, 0.15],
    [0.68, 0.3],
    [0.5, 0.52],
    [0.28, 0.82],
    [0.75, 0.82],
  ] as const)
    await page.mouse.move(...at(across, down), { steps: 8 });
  await page.mouse.up();
  await page.getByText(/answered in/).waitFor();
  await sleep(3 * settleMs);
  await page.getByRole("button", { name: "Stop" }).click();
}

async function cluster(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Train" }).click();
  await page.getByRole("img", { name: /nearest of 5 centres/ }).waitFor();
  await sleep(4 * settleMs);
  await page.getByRole("button", { name: "Stop" }).click();
}
