import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import type { FunctionDetail, FunctionSummary, Published } from "../../protocol/http-functions.ts";
import { functionDetailSchema } from "../../protocol/http-functions.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import type { NewVersion } from "../catalog/functions.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
let ada: TestMember;
let bob: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  [ada, bob] = [await api.member("ada"), await api.member("bob")];
});
afterAll(() => api.end());

const patch = (body: unknown): RequestInit => ({ ...post(body), method: "PATCH" });

/** Public, and ada's, unless said otherwise. */
function seed(name: string, title: string, more: Partial<NewVersion> = {}): string {
  const owner = more.owner ?? ada.account;
  const digest = digestOf(`${owner}/${name} ${title}`);
  api.seedFunction(name, { title }, { owner, digest, ...more });
  return digest;
}

async function list(query: string, who: TestMember = bob) {
  const { status, body } = await who.json<{ items: FunctionSummary[]; next: string | null }>(
    `/v1/functions?${query}`,
  );
  expect(status).toBe(200);
  return { names: body.items.map(({ name }) => name), ...body };
}

/** What a job that ended leaves behind. */
async function ranJob(
  name: string,
  who: TestMember,
  status: "succeeded" | "failed",
): Promise<void> {
  const { body } = await who.json<Job>("/v1/jobs", post({ function: name, input: [1, 2] }));
  const error = { code: "function-threw" as const, message: "no" };
  const final = { ...body, status, records: 2, endedAt: new Date().toISOString() };
  api.deps.catalog.jobs.ended(body.id, final, Date.now(), status === "failed" ? error : undefined);
  await api.deps.jobs.cancel(body.id);
}

describe("search", () => {
  beforeAll(() => {
    seed("sentiment", "How people feel");
    seed("mood", "Sentiment of a text");
    seed("reviews", "Stars", { settings: { visibility: "public", tags: ["sentiment"] } });
    seed("chatter", "Talk", { readme: "Finds the *sentiment* of chats." });
    seed("sentimental", "Journey");
    seed("quiet-sentiment", "Unlisted", { settings: { visibility: "unlisted" } });
    seed("own-sentiment", "Private", { settings: { visibility: "private" }, owner: bob.account });
    seed("zürich", "Straßen in Zürich zählen", { name: "zurich" });
  });

  test("finds by where the words stand: name, title, tags, readme", async () => {
    const { names } = await list("q=sentiment");
    expect(names.slice(0, 1)).toEqual(["ada/sentiment"]);
    expect(names.slice(1, 3).sort()).toEqual(["ada/sentimental", "bob/own-sentiment"]);
    expect(names.slice(3)).toEqual(["ada/mood", "ada/reviews", "ada/chatter"]);
  });

  test.each([
    ["the beginnings of words", "q=sentim%20tex", ["ada/mood"]],
    ["without regard for case and accents", "q=ZURICH", ["ada/zurich"]],
    ["by tag", "tag=sentiment", ["ada/reviews"]],
    ["by owner", "owner=me&q=sentiment", ["bob/own-sentiment"]],
    ["nothing of no one", "owner=nobody", []],
    ["nothing by signs alone", "q=%22%20*%20)%20-", []],
    ["nothing by words of its own language", "q=sentiment%20AND%20NOT%20title%3Ax", []],
    ["nothing by kind", "kind=iterate&q=sentiment", []],
  ])("finds %s", async (_what, query, names) => {
    expect((await list(query)).names).toEqual(names);
  });

  test("what is unlisted or someone else's is not found", async () => {
    for (const query of ["q=quiet", "q=sentiment", "owner=ada&limit=200"])
      expect((await list(query)).names).not.toContain("ada/quiet-sentiment");
    expect((await list("q=own", ada)).names).toEqual([]);
    expect((await list("q=quiet", ada)).names).toEqual(["ada/quiet-sentiment"]);
  });

  test.each(["sort=best", "kind=x", "tag=NO", "cursor=x", "limit=0"])(
    "%s is refused",
    async (q) => {
      expect((await bob.json(`/v1/functions?${q}`)).status).toBe(400);
    },
  );

  test("a cursor is that of one sort", async () => {
    const { next } = await list("sort=name&limit=1");
    expect((await bob.json(`/v1/functions?sort=new&limit=1&cursor=${next}`)).status).toBe(400);
  });
});

describe("every sort pages without gaps or repeats, though more is published meanwhile", () => {
  const names = Array.from({ length: 7 }, (_, i) => `paged-${i}`);
  beforeAll(async () => {
    for (const [i, name] of names.entries())
      seed(name, "Paged", {
        settings: {
          visibility: "public",
          tags: ["paged"],
          royaltyBasisPoints: [300, 0, 0, 1250, 300, 5, 0][i]!,
        },
      });
    for (const name of ["paged-4", "paged-2", "paged-2", "paged-6"])
      await ranJob(`ada/${name}`, bob, "succeeded");
  });

  test.each([
    ["name", [0, 1, 2, 3, 4, 5, 6]],
    ["new", [6, 5, 4, 3, 2, 1, 0]],
    ["price", [1, 2, 6, 5, 0, 4, 3]],
    ["runs", [2, 4, 6, 0, 1, 3, 5]],
    ["relevance", [2, 4, 6, 0, 1, 3, 5]],
  ])("%s", async (sort, order) => {
    const query = `tag=paged&sort=${sort}${sort === "relevance" ? "&q=paged" : ""}`;
    const seen: string[] = [];
    let cursor = "";
    for (let page = 0; page < 10; page++) {
      const { names: some, next } = await list(`${query}&limit=2${cursor}`);
      seen.push(...some);
      seed(`paged-later-${sort}-${page}`, "Paged paged", {
        settings: { visibility: "private", tags: ["paged"] },
      });
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    expect(seen).toEqual(order.map((i) => `ada/paged-${i}`));
  });
});

test("usage is counted by runs, different users and success", async () => {
  seed("counted", "Counted");
  const usage = async () =>
    (await bob.json<FunctionDetail>("/v1/functions/ada/counted")).body.usage;
  expect(await usage()).toEqual({ runs: 0, users: 0 });
  await ranJob("ada/counted", bob, "succeeded");
  await ranJob("ada/counted", bob, "succeeded");
  await ranJob("ada/counted", ada, "succeeded");
  await ranJob("ada/counted", ada, "failed");
  // None of them paid for anything, which says nothing of what one costs.
  expect(await usage()).toEqual({ runs: 4, users: 2, successRate: 0.75 });
});

describe("an owner's changes", () => {
  test("are kept, and shown", async () => {
    seed("changing", "Changing", { settings: { visibility: "private" } });
    const change = {
      visibility: "public",
      tags: ["a", "b-c"],
      royaltyPercent: 12.5,
      readme: "# Hello\n[site](https://example.org)",
    };
    const { status, body } = await ada.json<FunctionDetail>(
      "/v1/functions/ada/changing",
      patch(change),
    );
    expect(status).toBe(200);
    expect(functionDetailSchema.parse(body)).toMatchObject({
      visibility: "public",
      tags: ["a", "b-c"],
      // That of the version that is there already stays.
      royaltyPercent: 0,
      readmeHtml:
        '<h1>Hello</h1>\n<p><a href="https://example.org" rel="nofollow noopener">site</a></p>\n',
    });
    seed("changing", "Changed");
    const next = await bob.json<FunctionDetail>("/v1/functions/ada/changing");
    expect(next.body).toMatchObject({ title: "Changed", royaltyPercent: 12.5, tags: ["a", "b-c"] });
    expect(next.body.readme).toBe(change.readme);
    expect(next.body.versions.map(({ royaltyPercent }) => royaltyPercent).sort()).toEqual([
      0, 12.5,
    ]);
    expect((await list("q=hello")).names).toContain("ada/changing");
  });

  test.each([
    [{ royaltyPercent: 50.01 }],
    [{ royaltyPercent: -1 }],
    [{ royaltyPercent: 0.001 }],
    [{ royaltyPercent: "5" }],
    [{ tags: ["Big"] }],
    [{ tags: Array.from({ length: 9 }, (_, i) => `t${i}`) }],
    [{ tags: ["a\u200bb"] }],
    [{ visibility: "secret" }],
    [{ readme: "x".repeat(100_001) }],
    [{ deprecated: { version: "latest", message: "turn\u202eed" } }],
    [{ deprecated: { version: "latest", message: " " } }],
    [{ name: "other" }],
  ])("%j is refused", async (change) => {
    seed("refusing", "Refusing");
    const { status, body } = await ada.json("/v1/functions/ada/refusing", patch(change));
    expect([status, body.code]).toEqual([400, "bad-request"]);
  });

  test("are the owner's alone", async () => {
    seed("hers", "Hers");
    for (const other of [bob, api]) {
      const { status, body } = await other.json(
        "/v1/functions/ada/hers",
        patch({ visibility: "private" }),
      );
      expect([status, body.code]).toEqual([403, "forbidden"]);
    }
  });
});

describe("a deprecated version", () => {
  test("is passed over, still runs, and warns", async () => {
    const [first, second] = [seed("aging", "One"), seed("aging", "Two")];
    const path = "/v1/functions/ada/aging";
    const deprecated = { version: second.slice(0, 8), message: "Wrong by 1 % – use “One”." };
    await ada.ask(path, patch({ deprecated }));
    const { body: latest } = await bob.json<FunctionDetail>(path);
    expect(latest.version).toBe(first);
    expect(latest.versions).toContainEqual(
      expect.objectContaining({ version: second, deprecated: deprecated.message }),
    );
    const job = await bob.json<Job>(
      "/v1/jobs",
      post({ function: "ada/aging", version: second, input: [1] }),
    );
    expect(job.status).toBe(202);
    expect(job.body.deprecated).toBe(deprecated.message);
    expect(decodeURIComponent(job.headers.get("x-function-deprecated")!)).toBe(deprecated.message);
    const call = await bob.json(
      `${path}/invoke?version=${second}`,
      post({ input: [1] }, { prefer: "respond-async" }),
    );
    expect(call.body.deprecated).toBe(deprecated.message);
    const fine = await bob.json<Job>("/v1/jobs", post({ function: "ada/aging", input: [1] }));
    expect([fine.body.version, fine.body.deprecated]).toEqual([first, undefined]);
    expect(fine.headers.get("x-function-deprecated")).toBeNull();

    await ada.ask(path, patch({ deprecated: { version: second, message: null } }));
    expect((await bob.json<FunctionDetail>(path)).body.version).toBe(second);
  });

  test("is the latest when all are deprecated", async () => {
    const only = seed("gone-by", "Only");
    const path = "/v1/functions/ada/gone-by";
    await ada.ask(path, patch({ deprecated: { version: "latest", message: "No more." } }));
    const { body } = await bob.json<FunctionDetail>(path);
    expect(body).toMatchObject({ version: only, deprecated: "No more." });
    expect((await list("q=gone")).items).toMatchObject([{ deprecated: "No more." }]);
  });
});

describe("a fork", () => {
  test("copies a version under one's own handle and says where it comes from", async () => {
    const settings = { visibility: "public", tags: ["x"], royaltyBasisPoints: 700 } as const;
    const version = seed("origin", "Origin", {
      readme: "hi",
      settings: { ...settings, tags: ["x"] },
    });
    const fork = await bob.json<Published>(
      "/v1/functions/ada/origin/fork",
      post({ royaltyPercent: 1.25 }),
    );
    expect(fork.status).toBe(201);
    expect(fork.body).toMatchObject({ name: "bob/origin", version, royaltyPercent: 1.25 });
    const { body } = await bob.json<FunctionDetail>(fork.headers.get("location")!);
    expect(body).toMatchObject({
      visibility: "private",
      tags: ["x"],
      readme: "hi",
      source: "export default map({})",
      forkedFrom: { name: "ada/origin", version },
    });
    expect((await ada.ask("/v1/functions/bob/origin")).status).toBe(404);
    const job = await bob.json<Job>("/v1/jobs", post({ function: "origin", input: [1] }));
    expect(job.body.function).toBe("bob/origin");
  });

  test("made again is the same, and another of the same name is refused", async () => {
    seed("twice", "Twice");
    seed("thrice", "Thrice");
    const again = () => bob.json("/v1/functions/ada/twice/fork", post(""));
    expect([(await again()).status, (await again()).status]).toEqual([201, 200]);
    const other = await bob.json("/v1/functions/ada/thrice/fork", post({ name: "twice" }));
    expect([other.status, other.body.code]).toEqual([409, "conflict"]);
  });

  test("of one's own function takes another name", async () => {
    seed("self", "Self");
    expect((await ada.ask("/v1/functions/ada/self/fork", post(""))).status).toBe(409);
    const forked = await ada.json("/v1/functions/self/fork", post({ name: "self-two" }));
    expect(forked.body.name).toBe("ada/self-two");
  });
});

describe("a version's royalty is fixed when it is published", () => {
  const source = `import { items, map } from "sparegrid";
export default map({ title: "Fixed", input: items<number>(), map: (value) => value + 1 });`;
  const publish = (more: object) =>
    ada.json<Published>("/v1/functions", post({ name: "fixed", source, ...more }));

  test("and publishing it again with another one is refused", async () => {
    expect((await publish({ royaltyPercent: 5 })).body.royaltyPercent).toBe(5);
    expect((await publish({ royaltyPercent: 5 })).status).toBe(200);
    expect((await publish({})).body.royaltyPercent).toBe(5);
    const other = await publish({ royaltyPercent: 6, visibility: "public" });
    expect([other.status, other.body]).toMatchObject([409, { code: "conflict" }]);
    expect((await publish({})).body.visibility).toBe("private");
  });
});

describe("what people write", () => {
  const source = (title: string, description = "x") => `import { items, map } from "sparegrid";
export default map({ title: ${JSON.stringify(title)}, description: ${JSON.stringify(description)},
  input: items<number>(), map: (value) => value });`;
  const publish = (body: object) => ada.json<Published>("/v1/functions", post(body));

  test("HTML in a title is text", async () => {
    const title = `<img src=x onerror="alert(1)"> & co`;
    const { body } = await publish({ name: "html", source: source(title) });
    expect(body.title).toBe(title);
  });

  test.each([
    ["turned", "pay\u202etac"],
    ["isolated", "a\u2066b"],
    ["of no width", "ad\u200bmin"],
    ["joined", "a\u200db"],
    ["marked", "\ufeffa"],
    ["ringing", "a\u0007b"],
    ["coloured", "a\u001b[31mb"],
    ["tagged", "a\u{e0041}b"],
    ["blank", "\u3164"],
    ["of two lines", "a\nb"],
  ])("a title that is %s is refused", async (_how, title) => {
    const { status, body } = await publish({ name: "title", source: source(title) });
    expect([status, body]).toMatchObject([422, { code: "bad-definition" }]);
  });

  test("longer texts lose what cannot be seen", async () => {
    const { body } = await publish({
      name: "long",
      source: source("Long", "a\u202eb\u200bc"),
      readme: "a\u202e\u200b\u0000b\r\nc\td ❤️ é 日本",
    });
    expect(body.description).toBe("abc");
    const { body: detail } = await ada.json<FunctionDetail>("/v1/functions/long");
    expect(detail.readme).toBe("ab\nc\td ❤️ é 日本");
  });

  test.each(["a\u202eb", "\u200b", "a\u0000b", "x".repeat(201), " "])(
    "%j is no name of a dataset",
    async (name) => {
      const path = `/v1/datasets?format=lines&name=${encodeURIComponent(name)}`;
      const { status } = await ada.json(path, post("a"));
      expect(status).toBe(400);
    },
  );
});
