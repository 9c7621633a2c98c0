import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commercial, exchange, rate } from "../testing/authorization/money.ts";
import { Scene } from "../testing/authorization/scene.ts";
import { post } from "../testing/test-api.ts";

/** Every amount that a request can name, and what is none: it is refused, with the field's name, and nothing moves. */
interface Amount {
  /** As the OpenAPI document has it. */
  route: string;
  field: string;
  path: (scene: Scene) => string | Promise<string>;
  /** A body that is right but for the field. */
  body: object;
  /** Nothing is an amount here too. */
  mayBeNothing?: boolean;
}

const job = { function: "ada/secret", input: [1], pool: "everyone" };
const campaign = async (scene: Scene) => `/v1/campaigns/${await scene.draft()}`;
const publishing = { name: "published", source: "export default {}" };
const royalty = (route: string, path: Amount["path"], body: object): Amount => {
  return { route, field: "royaltyPercent", path, body, mayBeNothing: true };
};
const amounts: Amount[] = [
  { route: "POST /v1/jobs", field: "budget", path: () => "/v1/jobs", body: job },
  { route: "POST /v1/jobs", field: "bid", path: () => "/v1/jobs", body: job },
  {
    route: "POST /v1/jobs/{id}/top-up",
    field: "credits",
    path: async (scene) => `/v1/jobs/${await scene.job()}/top-up`,
    body: {},
  },
  {
    route: "POST /v1/jobs/{id}/again",
    field: "budget",
    path: async (scene) => `/v1/jobs/${await scene.job()}/again`,
    body: {},
  },
  {
    route: "POST /v1/campaigns",
    field: "creditsPerView",
    path: () => "/v1/campaigns",
    body: commercial,
  },
  { route: "POST /v1/campaigns", field: "budget", path: () => "/v1/campaigns", body: commercial },
  {
    route: "PUT /v1/campaigns/{id}",
    field: "creditsPerView",
    path: campaign,
    body: commercial,
  },
  {
    route: "POST /v1/campaigns/{id}/fund",
    field: "credits",
    path: async (scene) => `${await campaign(scene)}/fund`,
    body: {},
  },
  { route: "POST /v1/payouts", field: "credits", path: () => "/v1/payouts", body: exchange },
  {
    route: "POST /v1/payouts/rates",
    field: "minimum",
    path: () => "/v1/payouts/rates",
    body: rate,
    mayBeNothing: true,
  },
  {
    route: "POST /v1/payouts/rates",
    field: "minorPerCredit",
    path: () => "/v1/payouts/rates",
    body: rate,
    mayBeNothing: true,
  },
  {
    route: "POST /v1/ledger/grants",
    field: "credits",
    path: () => "/v1/ledger/grants",
    body: { account: "ada" },
  },
  { route: "POST /v1/jobs/estimate", field: "budget", path: () => "/v1/jobs/estimate", body: job },
  { route: "POST /v1/jobs/estimate", field: "bid", path: () => "/v1/jobs/estimate", body: job },
  royalty("POST /v1/functions", () => "/v1/functions", publishing),
  royalty("PATCH /v1/functions/{name}", () => "/v1/functions/secret", {}),
  royalty("PATCH /v1/functions/{owner}/{name}", () => "/v1/functions/ada/secret", {}),
  royalty("POST /v1/functions/{name}/fork", () => "/v1/functions/open/fork", { name: "forked" }),
  royalty("POST /v1/functions/{owner}/{name}/fork", () => "/v1/functions/ada/open/fork", {
    name: "forked",
  }),
];

/** As JSON text: what is no number there is no JSON either, or is a word. */
const wrong: [what: string, json: string][] = [
  ["less than nothing", "-1"],
  ["a microcredit less than nothing", "-0.000001"],
  ["a tenth of a microcredit", "0.0000001"],
  ["seven decimals", "1.2345678"],
  ["seven decimals of a large number", "500000.1234567"],
  ["more than there can be", "1e300"],
  ["more than a number can be", "1e999"],
  ["a number too large by one", "1000000001"],
  ["NaN", "NaN"],
  ["Infinity", "Infinity"],
  ["text", '"1"'],
  ["null", "null"],
  ["true", "true"],
  ["a list", "[1]"],
];

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.api.end());

const asker = ({ route }: Amount) =>
  route.includes("/ledger/") || route.includes("/rates") ? scene.api : scene.ada;
const transfers = () => scene.api.deps.ledger.verify().transfers;

describe.each(amounts)("$field of $route", (amount) => {
  const nothing: typeof wrong = amount.mayBeNothing ? [] : [["nothing", "0"]];
  test.each([...wrong, ...nothing])("%s is refused, and nothing moves", async (_what, json) => {
    const path = await amount.path(scene);
    const before = transfers();
    const text = JSON.stringify({ ...amount.body, [amount.field]: "§" }).replace('"§"', json);
    const init = { ...post(text), method: amount.route.split(" ")[0]! };
    const { status, body } = await asker(amount).json(path, init);
    expect([status, body.code], JSON.stringify(body)).toEqual([400, "bad-request"]);
    if (isJson(text)) expect(JSON.stringify(body)).toContain(amount.field);
    expect(transfers()).toBe(before);
    await scene.sweep();
  });
});

test("there is a row for every number of a request that is not a whole one", async () => {
  const { body } = await scene.api.json<Document>("/openapi.json");
  const schemas = body.components.schemas;
  const found = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) => {
      const schema = requestBody?.content?.["application/json"]?.schema;
      const { properties = {} } = schemas[schema?.$ref?.split("/").at(-1) ?? ""] ?? schema ?? {};
      return Object.entries(properties)
        .filter(([, { type }]) => type === "number")
        .map(([field]) => `${method.toUpperCase()} ${path} ${field}`);
    }),
  );
  expect(found.toSorted()).toEqual(
    amounts.map(({ route, field }) => `${route} ${field}`).toSorted(),
  );
});

interface Schema {
  $ref?: string;
  properties?: Record<string, { type?: string }>;
}

interface Document {
  components: { schemas: Record<string, Schema> };
  paths: Record<
    string,
    Record<string, { requestBody?: { content?: Record<string, { schema?: Schema }> } }>
  >;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
