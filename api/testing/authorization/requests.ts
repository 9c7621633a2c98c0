import { digestOf } from "../../../protocol/digest.ts";
import { deviceGrantType } from "../../../protocol/http-accounts.ts";
import { post, testPassword } from "../test-api.ts";
import { commercial, exchange, picture, rate } from "./money.ts";
import type { Scene } from "./scene.ts";

export interface Ask {
  path: string;
  init?: RequestInit;
}

/** What is asked, made anew for each asker, because many of these can be done once only. */
type Request = (scene: Scene) => Ask | Promise<Ask>;

const remove: RequestInit = { method: "DELETE" };
const patch = (body: unknown): RequestInit => ({ ...post(body), method: "PATCH" });
const get =
  (path: string): Request =>
  () => ({ path });
const job = (body: object): Ask => ({ path: "/v1/jobs", init: post(body) });
const invoke =
  (path: string): Request =>
  () => ({ path, init: post({ input: [1] }) });
const at = async <T>(
  thing: Promise<T>,
  path: (thing: T) => string,
  init?: RequestInit,
): Promise<Ask> => ({ path: path(await thing), ...(init === undefined ? {} : { init }) });

const tagged =
  (path: string): Request =>
  () => ({ path, init: patch({ tags: ["tagged"] }) });
const fork =
  (path: string): Request =>
  (scene) => ({ path, init: post({ name: scene.fresh("fork") }) });

const functions: Record<string, Request> = {
  "POST /v1/functions/{name}/invoke": invoke("/v1/functions/secret/invoke"),
  "POST /v1/functions/{owner}/{name}/invoke": invoke("/v1/functions/ada/secret/invoke"),
  "POST /v1/functions/{owner}/{name}/invoke [public]": invoke("/v1/functions/ada/open/invoke"),
  "POST /v1/functions": (scene) => ({
    path: "/v1/functions",
    init: post({ name: `ada/${scene.fresh("more")}`, source: scene.source }),
  }),
  "POST /v1/functions/try": (scene) => ({
    path: "/v1/functions/try",
    init: post({ source: scene.source }),
  }),
  "POST /v1/functions/try [a private dataset]": async (scene) => ({
    path: "/v1/functions/try",
    init: post({
      source: scene.source.replaceAll("items", "lines"),
      input: { dataset: await scene.dataset() },
    }),
  }),
  "PATCH /v1/functions/{name}": tagged("/v1/functions/secret"),
  "PATCH /v1/functions/{owner}/{name}": tagged("/v1/functions/ada/secret"),
  "PATCH /v1/functions/{owner}/{name} [public]": tagged("/v1/functions/ada/open"),
  "DELETE /v1/functions/{name}": (scene) =>
    at(scene.function(), (name) => `/v1/functions/${name}`, remove),
  "DELETE /v1/functions/{owner}/{name}": (scene) =>
    at(scene.function(), (name) => `/v1/functions/ada/${name}`, remove),
  "DELETE /v1/functions/{owner}/{name} [public]": (scene) =>
    at(scene.function("public"), (name) => `/v1/functions/ada/${name}`, remove),
  "POST /v1/functions/{name}/fork": fork("/v1/functions/secret/fork"),
  "POST /v1/functions/{owner}/{name}/fork": fork("/v1/functions/ada/secret/fork"),
  "POST /v1/functions/{owner}/{name}/fork [public]": fork("/v1/functions/ada/open/fork"),
  "GET /v1/functions": get("/v1/functions"),
  "GET /v1/functions [all]": get("/v1/functions?all=true"),
  "GET /v1/functions [mine]": get("/v1/functions?owner=me"),
  "GET /v1/functions/{owner}/{name} [public]": get("/v1/functions/ada/open"),
  "GET /v1/functions/{owner}/{name}/versions/{version} [public]": get(
    "/v1/functions/ada/open/versions/latest",
  ),
  "GET /v1/functions/{name}": get("/v1/functions/secret"),
  "GET /v1/functions/{owner}/{name}": get("/v1/functions/ada/secret"),
  "GET /v1/functions/{name}/versions/{version}": ({ version }) => ({
    path: `/v1/functions/secret/versions/${version}`,
  }),
  "GET /v1/functions/{owner}/{name}/versions/{version}": ({ version }) => ({
    path: `/v1/functions/ada/secret/versions/${version}`,
  }),
};

const datasetPath = (id: string) => `/v1/datasets/${id}`;
const uploadPath = (key: string) => `/v1/datasets/uploads/${key}`;
const contentPath = (id: string) => `/v1/datasets/${id}/content`;
const datasets: Record<string, Request> = {
  "POST /v1/datasets": () => ({ path: "/v1/datasets?format=lines&name=mine", init: post("a\n") }),
  "GET /v1/datasets": get("/v1/datasets"),
  "GET /v1/datasets [all]": get("/v1/datasets?all=true"),
  "GET /v1/datasets/uploads/{key}": (scene) => at(scene.upload(), uploadPath),
  "PATCH /v1/datasets/uploads/{key}": (scene) =>
    at(scene.upload(), uploadPath, {
      method: "PATCH",
      headers: { "upload-offset": "2" },
      body: "b\n",
    }),
  "DELETE /v1/datasets/uploads/{key}": (scene) => at(scene.upload(), uploadPath, remove),
  "GET /v1/datasets/{id}": (scene) => at(scene.dataset(), datasetPath),
  "GET /v1/datasets/{id} [unlisted]": (scene) => at(scene.dataset("unlisted"), datasetPath),
  "GET /v1/datasets/{id}/content": (scene) => at(scene.dataset(), contentPath),
  "GET /v1/datasets/{id}/content [unlisted]": (scene) => at(scene.dataset("unlisted"), contentPath),
  "PATCH /v1/datasets/{id}": (scene) =>
    at(scene.dataset(), datasetPath, patch({ visibility: "public" })),
  "PATCH /v1/datasets/{id} [unlisted]": (scene) =>
    at(scene.dataset("unlisted"), datasetPath, patch({ visibility: "public" })),
  "DELETE /v1/datasets/{id}": (scene) => at(scene.dataset(), datasetPath, remove),
  "DELETE /v1/datasets/{id} [unlisted]": (scene) =>
    at(scene.dataset("unlisted"), datasetPath, remove),
};

const jobPath = (id: string) => `/v1/jobs/${id}`;
const jobs: Record<string, Request> = {
  "POST /v1/jobs [a private function]": () => job({ function: "ada/secret", input: [1] }),
  "POST /v1/jobs [a private dataset]": async (scene) =>
    job({ function: "ada/lengths", dataset: await scene.dataset() }),
  "POST /v1/jobs [another's result]": async (scene) =>
    job({
      function: "ada/uses",
      input: [1],
      uses: { model: `job:${await scene.endedJob()}` },
    }),
  "POST /v1/jobs [a pool]": async (scene) =>
    job({ function: "ada/open", input: [1], pool: (await scene.pool()).name }),
  "GET /v1/jobs": get("/v1/jobs"),
  "GET /v1/jobs [all]": get("/v1/jobs?all=true"),
  "GET /v1/jobs/{id}": (scene) => at(scene.job(), jobPath),
  "GET /v1/jobs/{id} [all]": (scene) => at(scene.job(), (id) => `/v1/jobs/${id}?all=true`),
  "POST /v1/jobs/{id}/cancel": (scene) =>
    at(scene.job(), (id) => `/v1/jobs/${id}/cancel`, post("")),
  "POST /v1/jobs/{id}/cancel [all]": (scene) =>
    at(scene.job(), (id) => `/v1/jobs/${id}/cancel?all=true`, post("")),
  "POST /v1/jobs/{id}/again": (scene) => at(scene.job(), (id) => `/v1/jobs/${id}/again`, post({})),
  "PATCH /v1/jobs/{id}/params": (scene) =>
    at(scene.job(), (id) => `/v1/jobs/${id}/params`, patch({ params: {} })),
  "POST /v1/jobs/{id}/pause": (scene) => at(scene.job(), (id) => `/v1/jobs/${id}/pause`, post("")),
  "POST /v1/jobs/{id}/pause [all]": (scene) =>
    at(scene.job(), (id) => `/v1/jobs/${id}/pause?all=true`, post("")),
  "POST /v1/jobs/{id}/resume": (scene) =>
    at(scene.job(), (id) => `/v1/jobs/${id}/resume`, post("")),
  "POST /v1/jobs/{id}/step": (scene) => at(scene.job(), (id) => `/v1/jobs/${id}/step`, post("")),
  "GET /v1/jobs/{id}/state": (scene) => at(scene.job(), (id) => `/v1/jobs/${id}/state`),
  "GET /v1/jobs/{id}/state [all]": (scene) =>
    at(scene.job(), (id) => `/v1/jobs/${id}/state?all=true`),
  "GET /v1/jobs/{id}/tasks": (scene) => at(scene.job(), (id) => `/v1/jobs/${id}/tasks`),
  "GET /v1/jobs/{id}/tasks [all]": (scene) =>
    at(scene.job(), (id) => `/v1/jobs/${id}/tasks?all=true`),
  "POST /v1/jobs/{id}/top-up": (scene) =>
    at(scene.job(), (id) => `/v1/jobs/${id}/top-up`, post({ credits: 1 })),
  // No runner is there to run the sample.
  "POST /v1/jobs/estimate": () => ({
    path: "/v1/jobs/estimate",
    init: post({ function: "ada/secret", input: [1] }),
  }),
  "GET /v1/rates/{version}": ({ version }) => ({ path: `/v1/rates/${version}` }),
  "GET /v1/rates/{version} [public]": ({ openVersion }) => ({ path: `/v1/rates/${openVersion}` }),
  "GET /v1/jobs/{id}/events": (scene) => at(scene.endedJob(), (id) => `/v1/jobs/${id}/events`),
  "GET /v1/jobs/{id}/result": (scene) => at(scene.endedJob(), (id) => `/v1/jobs/${id}/result`),
};

const runners: Record<string, Request> = {
  "GET /v1/runners": get("/v1/runners"),
  "GET /v1/runners [all]": get("/v1/runners?all=true"),
  "GET /v1/runners/away": get("/v1/runners/away"),
  "DELETE /v1/runners/{id}": (scene) => ({
    path: `/v1/runners/${scene.awayRunner()}`,
    init: remove,
  }),
  "GET /v1/runners/{id}/earnings": (scene) => ({
    path: `/v1/runners/${scene.earningRunner()}/earnings`,
  }),
  "GET /v1/blobs/{digest}": ({ version }) => ({ path: `/v1/blobs/${version}` }),
  "PUT /v1/blobs/{digest}": (scene) => {
    const body = scene.fresh("blob");
    return { path: `/v1/blobs/${digestOf(body)}`, init: { method: "PUT", body } };
  },
};

type Pooled = { path: string; name: string };
const own = ({ path }: Pooled) => path;
const below = (more: string) => (pool: Pooled) => pool.path + more;
const pools: Record<string, Request> = {
  "POST /v1/pools": (scene) => ({ path: "/v1/pools", init: post({ name: scene.fresh("new") }) }),
  "GET /v1/pools": get("/v1/pools"),
  "POST /v1/pools/join": async (scene) => {
    const { code } = await scene.invitation((await scene.pool()).path);
    return { path: "/v1/pools/join", init: post({ code }) };
  },
  "POST /v1/pools/join/preview": async (scene) => {
    const { code } = await scene.invitation((await scene.pool()).path);
    return { path: "/v1/pools/join/preview", init: post({ code }) };
  },
  "GET /v1/pools/invitations": get("/v1/pools/invitations"),
  "GET /v1/pools/{owner}/{name}": (scene) => at(scene.pool(), own),
  "PATCH /v1/pools/{owner}/{name}": (scene) =>
    at(scene.pool(), own, patch({ name: scene.fresh("renamed") })),
  "DELETE /v1/pools/{owner}/{name}": (scene) => at(scene.pool(), own, remove),
  "POST /v1/pools/{owner}/{name}/leave": (scene) => at(scene.pool(), below("/leave"), post("")),
  "DELETE /v1/pools/{owner}/{name}/members/{handle}": (scene) =>
    at(scene.pool(), below("/members/ada"), remove),
  "POST /v1/pools/{owner}/{name}/invitations": (scene) =>
    at(scene.pool(), below("/invitations"), post({})),
  "GET /v1/pools/{owner}/{name}/invitations": (scene) => at(scene.pool(), below("/invitations")),
  "DELETE /v1/pools/{owner}/{name}/invitations/{id}": async (scene) => {
    const { path } = await scene.pool();
    return at(scene.invitation(path), ({ id }) => `${path}/invitations/${id}`, remove);
  },
  "POST /v1/pools/{owner}/{name}/accept": (scene) => at(scene.pool(), below("/accept"), post("")),
  "POST /v1/pools/{owner}/{name}/accept [bob is invited]": (scene) =>
    at(scene.invitingPool(), below("/accept"), post("")),
  "POST /v1/pools/{owner}/{name}/decline": (scene) => at(scene.pool(), below("/decline"), post("")),
  "POST /v1/pools/{owner}/{name}/decline [bob is invited]": (scene) =>
    at(scene.invitingPool(), below("/decline"), post("")),
};

/** The same asked by someone who is in the pool. */
const sharedPools: Record<string, Request> = {
  "GET /v1/pools/{owner}/{name} [a member]": (scene) => at(scene.sharedPool(), own),
  "PATCH /v1/pools/{owner}/{name} [a member]": (scene) =>
    at(scene.sharedPool(), own, patch({ name: scene.fresh("renamed") })),
  "DELETE /v1/pools/{owner}/{name} [a member]": (scene) => at(scene.sharedPool(), own, remove),
  "POST /v1/pools/{owner}/{name}/leave [a member]": (scene) =>
    at(scene.sharedPool(), below("/leave"), post("")),
  "DELETE /v1/pools/{owner}/{name}/members/{handle} [a member]": (scene) =>
    at(scene.sharedPool(), below("/members/bob"), remove),
  "POST /v1/pools/{owner}/{name}/invitations [a member]": (scene) =>
    at(scene.sharedPool(), below("/invitations"), post({})),
  "GET /v1/pools/{owner}/{name}/invitations [a member]": (scene) =>
    at(scene.sharedPool(), below("/invitations")),
};

const money: Record<string, Request> = {
  "GET /v1/ledger": get("/v1/ledger"),
  "GET /v1/ledger/history": get("/v1/ledger/history"),
  "GET /v1/ledger/history [of a job]": (scene) =>
    at(scene.job(), (id) => `/v1/ledger/history?job=${id}`),
  "GET /v1/ledger/history.csv [of a job]": (scene) =>
    at(scene.job(), (id) => `/v1/ledger/history.csv?job=${id}`),
  "GET /v1/ledger/history.csv": get("/v1/ledger/history.csv"),
  "GET /v1/ledger/verify": get("/v1/ledger/verify"),
  "POST /v1/ledger/grants": () => ({
    path: "/v1/ledger/grants",
    init: post({ account: "ada", credits: 1 }),
  }),
};

const campaign = (more: string) => (id: string) => `/v1/campaigns/${id}${more}`;
const campaigns: Record<string, Request> = {
  "POST /v1/campaigns": () => ({ path: "/v1/campaigns", init: post(commercial) }),
  "GET /v1/campaigns": get("/v1/campaigns"),
  "GET /v1/campaigns/all": get("/v1/campaigns/all"),
  "GET /v1/campaigns/offered": get("/v1/campaigns/offered"),
  "GET /v1/campaigns/next": get("/v1/campaigns/next"),
  "GET /v1/campaigns/{id}": (scene) => at(scene.draft(), campaign("")),
  "PUT /v1/campaigns/{id}": (scene) =>
    at(scene.draft(), campaign(""), { ...post(commercial), method: "PUT" }),
  "GET /v1/campaigns/{id}/stats": (scene) => at(scene.draft(), campaign("/stats")),
  "PUT /v1/campaigns/{id}/media": (scene) => at(scene.draft(), campaign("/media"), picture),
  "GET /v1/campaigns/{id}/media": (scene) => at(scene.draft(), campaign("/media")),
  "GET /v1/campaigns/{id}/media [running]": (scene) => at(scene.running(), campaign("/media")),
  "POST /v1/campaigns/{id}/fund": (scene) =>
    at(scene.draft(), campaign("/fund"), post({ credits: 1 })),
  "POST /v1/campaigns/{id}/start": (scene) => at(scene.draft(), campaign("/start"), post("")),
  "POST /v1/campaigns/{id}/pause": (scene) => at(scene.running(), campaign("/pause"), post("")),
  "POST /v1/campaigns/{id}/end": (scene) => at(scene.running(), campaign("/end"), post("")),
  "POST /v1/campaigns/{id}/stop": (scene) =>
    at(scene.running(), campaign("/stop"), post({ reason: "not what it says" })),
  "POST /v1/campaigns/{id}/views": (scene) => at(scene.draft(), campaign("/views"), post("")),
  "POST /v1/campaigns/{id}/views [running]": (scene) =>
    at(scene.running(), campaign("/views"), post("")),
  "POST /v1/views/{token}/heartbeat": (scene) =>
    at(
      scene.view(),
      (token) => `/v1/views/${token}/heartbeat`,
      post({ visible: true, sequence: 1 }),
    ),
  "POST /v1/views/{token}/finish": (scene) =>
    at(scene.view(), (token) => `/v1/views/${token}/finish`, post("")),
  "GET /v1/views": get("/v1/views"),
};

const payout = (more: string) => (id: string) => `/v1/payouts/${id}${more}`;
const payouts: Record<string, Request> = {
  "POST /v1/payouts": () => ({ path: "/v1/payouts", init: post(exchange) }),
  "GET /v1/payouts": get("/v1/payouts"),
  "GET /v1/payouts/all": get("/v1/payouts/all"),
  "GET /v1/payouts/export": get("/v1/payouts/export"),
  "GET /v1/payouts/all/export": get("/v1/payouts/all/export"),
  "GET /v1/payouts/{id}": (scene) => at(scene.payout(), payout("")),
  "POST /v1/payouts/{id}/withdraw": (scene) => at(scene.payout(), payout("/withdraw"), post("")),
  "POST /v1/payouts/{id}/pay": (scene) =>
    at(scene.payout(), payout("/pay"), post({ reference: "transfer 1" })),
  "POST /v1/payouts/{id}/reject": (scene) =>
    at(scene.payout(), payout("/reject"), post({ reason: "no such account" })),
  "GET /v1/payouts/rates": get("/v1/payouts/rates"),
  "POST /v1/payouts/rates": () => ({ path: "/v1/payouts/rates", init: post(rate) }),
};

const named: Request = (scene) => ({
  path: "/v1/me",
  init: patch({ name: scene.fresh("Name") }),
});
const newKey: Request = () => ({
  path: "/v1/keys",
  init: post({ name: "new", scopes: ["jobs"] }),
});
/** The operator has neither password nor address yet. */
const setPassword: Request = (scene) => ({
  path: "/v1/me/password",
  init: post({
    password: testPassword,
    currentPassword: testPassword,
    email: `${scene.fresh("other")}@example.org`,
  }),
});
const decide =
  (decision: string): Request =>
  async (scene) => ({
    path: `/v1/device/${decision}`,
    init: post({ code: (await scene.device()).user_code }),
  });
const look: Request = (scene) =>
  at(scene.device(), ({ user_code }) => `/v1/device?code=${user_code}`);

const accounts: Record<string, Request> = {
  "POST /v1/auth/sign-up/email": (scene) => {
    const handle = scene.fresh("new");
    const body = { handle, email: `${handle}@example.org`, password: testPassword };
    return { path: "/v1/auth/sign-up/email", init: post(body) };
  },
  "POST /v1/auth/sign-in/email": async (scene) => {
    const { email } = await scene.api.member(scene.fresh("back"));
    return { path: "/v1/auth/sign-in/email", init: post({ email, password: testPassword }) };
  },
  "POST /v1/auth/link": async (scene) => ({
    path: "/v1/auth/link",
    init: post({ token: await scene.signInToken() }),
  }),
  "POST /v1/auth/sign-out": () => ({ path: "/v1/auth/sign-out", init: post("") }),
  "GET /v1/me": get("/v1/me"),
  "PATCH /v1/me": named,
  "PATCH /v1/me [by session]": named,
  "POST /v1/me/password": setPassword,
  "POST /v1/me/password [by session]": setPassword,
  "GET /v1/auth/sessions": get("/v1/auth/sessions"),
  "DELETE /v1/auth/sessions": () => ({ path: "/v1/auth/sessions", init: remove }),
  "DELETE /v1/auth/sessions [by session]": () => ({ path: "/v1/auth/sessions", init: remove }),
  "DELETE /v1/auth/sessions/{id}": (scene) =>
    at(scene.session(), (id) => `/v1/auth/sessions/${id}`, remove),
  "GET /v1/keys": get("/v1/keys"),
  "POST /v1/keys": newKey,
  "POST /v1/keys [by session]": newKey,
  "DELETE /v1/keys/{id}": (scene) => at(scene.key(), (id) => `/v1/keys/${id}`, remove),
  "POST /v1/device/code": () => ({
    path: "/v1/device/code",
    init: post({ client_id: "sparegrid" }),
  }),
  "POST /v1/device/token": async (scene) => ({
    path: "/v1/device/token",
    init: post({
      grant_type: deviceGrantType,
      client_id: "sparegrid",
      device_code: (await scene.device()).device_code,
    }),
  }),
  "GET /v1/device": look,
  "GET /v1/device [by session]": look,
  "POST /v1/device/approve": decide("approve"),
  "POST /v1/device/approve [by session]": decide("approve"),
  "POST /v1/device/deny": decide("deny"),
  "POST /v1/device/deny [by session]": decide("deny"),
  "GET /v1/status": get("/v1/status"),
  "GET /v1/accounts": get("/v1/accounts"),
  "GET /v1/accounts/{handle}": get("/v1/accounts/bob"),
  "PATCH /v1/accounts/{handle}": () => ({
    path: "/v1/accounts/bob",
    init: patch({ suspended: false }),
  }),
  "POST /v1/accounts/{handle}/link": () => ({ path: "/v1/accounts/bob/link", init: post("") }),
};

const operations: Record<string, Request> = Object.fromEntries(
  ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/runner", "/runner.tgz"].map(
    (path) => [`GET ${path}`, get(path)],
  ),
);

/** By the name of the table's row. */
export const requests: Readonly<Record<string, Request>> = {
  ...functions,
  ...datasets,
  ...jobs,
  ...runners,
  ...pools,
  ...sharedPools,
  ...money,
  ...campaigns,
  ...payouts,
  ...accounts,
  ...operations,
};
