import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Campaign,
  CampaignDay,
  CreateCampaignRequest,
} from "../../protocol/http-campaigns.ts";
import type { Page } from "../../protocol/http-common.ts";
import type {
  NextCommercial,
  OfferedCommercials,
  OpenedView,
  PaidView,
  ViewProgress,
} from "../../protocol/http-views.ts";
import { microOf } from "../../protocol/money.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
let sponsor: TestMember;
let viewer: TestMember;
let other: TestMember;

beforeAll(async () => {
  api = await startTestApi();
  sponsor = await api.member("tea");
  viewer = await api.member("ada");
  other = await api.member("bob");
  const micro = microOf(1_000);
  api.deps.ledger.apply([
    { id: "test", kind: "grant", debit: "mint", credit: `wallet:${sponsor.account}`, micro },
  ]);
});
afterAll(() => api.end());

const terms: CreateCampaignRequest = {
  title: "Tea",
  text: "From the hills.\nDrink it.",
  link: "https://tea.example/",
  media: { kind: "video", url: "https://tea.example/spot.mp4" },
  creditsPerView: 0.25,
  watchSeconds: 5,
  budget: 10,
};
const create = (more: object = {}) =>
  sponsor.json<Campaign & { code?: string }>("/v1/campaigns", post({ ...terms, ...more }));
const act = (id: string, verb: string, body: unknown = "") =>
  sponsor.json<Campaign & { code?: string }>(`/v1/campaigns/${id}/${verb}`, post(body));
const walletOf = ({ account }: TestMember) =>
  api.deps.ledger.balance(`wallet:${account}`).available;

test("a member watches for as long as it takes, and is paid once; the sponsor sees it", async () => {
  const { status, body: draft } = await create();
  expect(status).toBe(201);
  expect(draft).toMatchObject({ state: "draft", sponsor: "tea", budget: 10, spent: 0 });
  expect((await act(draft.id, "start")).body.state).toBe("running");

  const { body: next } = await viewer.json<NextCommercial>("/v1/campaigns/next");
  expect(next).toMatchObject({
    commercial: { id: draft.id, sponsor: "tea", credits: 0.25, watchSeconds: 5 },
    today: { views: 0, earned: 0 },
  });
  const offered = (who: TestMember) => who.json<OfferedCommercials>("/v1/campaigns/offered");
  expect((await offered(viewer)).body).toMatchObject({ items: [next.commercial], next: null });
  expect((await offered(sponsor)).body.items).toEqual([]);
  const before = walletOf(viewer);
  const { body: view } = await viewer.json<OpenedView>(`/v1/campaigns/${draft.id}/views`, post(""));
  const finish = (who = viewer) => who.json<PaidView>(`/v1/views/${view.token}/finish`, post(""));
  const beat = (sequence: number, who = viewer) =>
    who.json<ViewProgress>(`/v1/views/${view.token}/heartbeat`, post({ visible: true, sequence }));

  const startMs = performance.now();
  // As fast as it goes: what counts is the time that passes.
  for (let sequence = 0; sequence < 200; sequence++) await beat(sequence);
  expect(await finish()).toMatchObject({ status: 409, body: { code: "view-incomplete" } });
  for (let sequence = 1_000; ; sequence++) {
    await sleep(500);
    const { body } = await beat(sequence);
    expect(body.watchedMs).toBeLessThanOrEqual(performance.now() - startMs + 50);
    if (body.watchedMs >= body.requiredMs) break;
  }
  expect((await finish(other)).status).toBe(404);
  expect((await beat(9_999, other)).status).toBe(404);
  const both = await Promise.all([finish(), finish()]);
  expect(both[0]).toMatchObject({ status: 200, body: { credits: 0.25, title: "Tea" } });
  expect(both[1].body).toEqual(both[0].body);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(4_900);
  expect(walletOf(viewer)).toBe(before + 250_000);

  const { body: watched } = await viewer.json<Page<PaidView>>("/v1/views");
  expect(watched.items).toEqual([both[0].body]);
  expect((await viewer.json<NextCommercial>("/v1/campaigns/next")).body).toMatchObject({
    commercial: null,
    today: { views: 1, earned: 0.25 },
  });
  expect((await offered(viewer)).body).toMatchObject({ items: [], today: { views: 1 } });
  const { body: seen } = await sponsor.json<Campaign>(`/v1/campaigns/${draft.id}`);
  expect(seen).toMatchObject({
    budget: 9.75,
    spent: 0.25,
    views: { opened: 1, completed: 1, completedToday: 1 },
  });
  const { body: days } = await sponsor.json<Page<CampaignDay>>(`/v1/campaigns/${draft.id}/stats`);
  expect(days.items).toMatchObject([{ opened: 1, completed: 1, completionRate: 1, spent: 0.25 }]);
  const sponsorBefore = walletOf(sponsor);
  expect((await act(draft.id, "end")).body).toMatchObject({ state: "ended", budget: 0 });
  expect(walletOf(sponsor)).toBe(sponsorBefore + 9_750_000);
});

describe("what a sponsor says is checked", () => {
  test.each<[string, object, string]>([
    ["no credits", { creditsPerView: 0 }, "creditsPerView"],
    ["negative credits", { creditsPerView: -1 }, "creditsPerView"],
    ["credits finer than a microcredit", { creditsPerView: 0.0000001 }, "creditsPerView"],
    ["endless credits", { creditsPerView: 1e300 }, "creditsPerView"],
    ["credits as text", { creditsPerView: "1" }, "creditsPerView"],
    ["a negative budget", { budget: -5 }, "budget"],
    ["a glance", { watchSeconds: 4 }, "watchSeconds"],
    ["a film", { watchSeconds: 121 }, "watchSeconds"],
    ["half a second", { watchSeconds: 5.5 }, "watchSeconds"],
    ["a cap of nothing", { caps: { perViewer: 0 } }, "caps.perViewer"],
    ["a link without TLS", { link: "http://tea.example" }, "link"],
    ["a script for a link", { link: "javascript:alert(1)" }, "link"],
    ["a link with a user name", { link: "https://bank.example@evil.example/" }, "link"],
    ["a picture as data", { media: { kind: "picture", url: "data:image/png;base64,AA" } }, "media"],
    ["a title that turns around", { title: "Tea \u202Egpj.exe" }, "title"],
    ["a title with nothing to see", { title: "T\u200Be\u200Ba" }, "title"],
    ["an empty title", { title: "  " }, "title"],
    ["a title of two lines", { title: "Tea\nTime" }, "title"],
    ["an unknown field", { creditPerView: 1 }, "creditPerView"],
  ])("%s is refused", async (_what, more, name) => {
    const { status, body } = await create(more);
    expect(status).toBe(400);
    expect(body.code).toBe("bad-request");
    expect(JSON.stringify(body)).toContain(name);
  });

  test("what cannot be seen is left out of the text beneath the title", async () => {
    const { body } = await create({ text: "Tea\u001b]0;gone\u0007\u202E\r\nnow" });
    expect(body.text).toBe("Tea]0;gone\nnow");
  });

  test("HTML is text like any other", async () => {
    const title = "<img src=x onerror=alert(1)>";
    expect((await create({ title })).body.title).toBe(title);
  });

  test("a budget larger than the wallet is refused with 402 and makes nothing", async () => {
    const before = walletOf(sponsor);
    const { status, body } = await create({ budget: 1_000_000 });
    expect([status, body.code]).toEqual([402, "insufficient-credits"]);
    expect(walletOf(sponsor)).toBe(before);
  });

  test.each([0, -1, 0.0000001, "1", null, 1e300])("funding by %s is refused", async (credits) => {
    const { body } = await create();
    expect((await act(body.id, "fund", { credits })).status).toBe(400);
    expect((await act(body.id, "fund", '{"credits":NaN}')).status).toBe(400);
  });

  test("a double submit with one Idempotency-Key makes one campaign and takes one budget", async () => {
    const before = walletOf(sponsor);
    const twice = () =>
      sponsor.json<Campaign>("/v1/campaigns", post(terms, { "idempotency-key": "k1" }));
    const [a, b] = await Promise.all([twice(), twice()]);
    expect(a.body.id).toBe(b.body.id);
    expect(walletOf(sponsor)).toBe(before - 10_000_000);
    const fund = () =>
      sponsor.json(
        `/v1/campaigns/${a.body.id}/fund`,
        post({ credits: 1 }, { "idempotency-key": "k2" }),
      );
    await Promise.all([fund(), fund()]);
    expect(walletOf(sponsor)).toBe(before - 11_000_000);
  });
});

describe("who may what", () => {
  test("another's campaign is not there, but for the operator, who may stop it", async () => {
    const { body } = await create();
    await act(body.id, "start");
    const at = `/v1/campaigns/${body.id}`;
    for (const [path, init] of [
      ["", {}],
      ["/stats", {}],
      ["", { method: "PUT", body: JSON.stringify({ ...terms, budget: undefined }) }],
      ["/media", { method: "PUT", body: "x" }],
      ["/fund", post({ credits: 1 })],
      ["/start", post("")],
      ["/pause", post("")],
      ["/end", post("")],
    ] as const)
      expect((await other.ask(at + path, init)).status, path).toBe(404);
    expect((await other.ask(`${at}/stop`, post({ reason: "mine" }))).status).toBe(403);
    expect((await other.ask("/v1/campaigns/all")).status).toBe(403);
    expect((await other.json<Page<Campaign>>("/v1/campaigns")).body.items).toEqual([]);
    expect((await api.json<Campaign>(at)).body.id).toBe(body.id);
    const stopped = await api.json<Campaign>(`${at}/stop`, post({ reason: "not what it says" }));
    expect(stopped.body).toMatchObject({
      state: "ended",
      endedBy: "operator",
      stopReason: "not what it says",
      budget: 0,
    });
  });

  test("a sponsor does not watch an own commercial", async () => {
    const { body } = await create();
    await act(body.id, "start");
    expect((await sponsor.ask(`/v1/campaigns/${body.id}/views`, post(""))).status).toBe(409);
    await act(body.id, "end");
  });

  test("without a key, nobody", async () => {
    for (const path of ["/v1/campaigns", "/v1/campaigns/next", "/v1/views"])
      expect((await fetch(api.url + path)).status).toBe(401);
  });
});

test("an uploaded picture is served as what it is, whole or in part, and may do nothing", async () => {
  const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.from("pixels")]);
  const { body: draft } = await create({ media: undefined });
  const path = `/v1/campaigns/${draft.id}/media`;
  const put = (body: string | Uint8Array<ArrayBuffer>) =>
    sponsor.json<Campaign>(path, { method: "PUT", body });
  expect((await put("<svg onload='alert(1)'/>")).status).toBe(400);
  expect((await put(new Uint8Array(8 * 1024 * 1024 + 1))).status).toBe(413);
  const { body } = await put(png);
  expect(body.media).toMatchObject({ kind: "picture", uploaded: true });
  expect((await other.ask(body.media!.url)).status).toBe(404);
  await act(draft.id, "start");
  const whole = await other.ask(body.media!.url);
  expect(Buffer.from(await whole.arrayBuffer())).toEqual(png);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    "content-type": "image/png",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
  });
  const part = await other.ask(body.media!.url, { headers: { range: "bytes=8-10" } });
  expect([part.status, await part.text()]).toEqual([206, "pix"]);
  expect(part.headers.get("content-range")).toBe(`bytes 8-10/${png.length}`);
  const behind = await other.ask(body.media!.url, { headers: { range: "bytes=99-" } });
  expect(behind.status).toBe(416);
});
