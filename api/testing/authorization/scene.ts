import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "../../../protocol/digest.ts";
import { earnerOf } from "../../../protocol/earner.ts";
import { runnerInfo } from "../../machines/testing.ts";
import {
  cookieOf,
  post,
  startTestApi,
  type TestApi,
  type TestMember,
  testPassword,
} from "../test-api.ts";
import { commercial, exchange, picture, rate } from "./money.ts";

const identitySource = (title: string) => `
import { items, map } from "sparegrid";
export default map({ title: "${title}", input: items(), map: (value) => value });`;
const linesSource = `
import { lines, map } from "sparegrid";
export default map({ title: "Lengths", input: lines(), map: (line) => line.length });`;
const usesSource = `
import { constant, items, map } from "sparegrid";
export default map({
  title: "Uses",
  input: items(),
  uses: { model: constant<unknown>() },
  map: (value, { uses }) => [value, uses.model],
});`;

/** ada, whose things others ask for; bob, who is as good as she; and what she makes, anew as often as asked. */
export class Scene {
  readonly api: TestApi;
  readonly ada: TestMember;
  readonly bob: TestMember;
  /** The operator's browser. */
  readonly operatorCookie: string;
  /** The version of ada's private function "secret". */
  readonly version: string;
  /** That of her public function "open". */
  readonly openVersion: string;
  readonly #campaigns: { id: string; sponsor: TestMember }[] = [];
  #made = 0;

  static async open(): Promise<Scene> {
    const api = await startTestApi();
    const [ada, bob] = await Promise.all([api.member("ada"), api.member("bob")]);
    const publish = async (name: string, source: string, visibility: string) => {
      const body = { name, source, visibility };
      return made<{ version: string }>(ada.json("/v1/functions", post(body)));
    };
    const { version } = await publish("secret", identitySource("Secret"), "private");
    const open = await publish("open", identitySource("Open"), "public");
    await publish("lengths", linesSource, "public");
    await publish("uses", usesSource, "public");
    await made(api.json("/v1/payouts/rates", post(rate)));
    for (const account of ["ada", "bob", "operator"])
      await made(api.json("/v1/ledger/grants", post({ account, credits: 10_000 })));
    const link = await made<{ url: string }>(api.json("/v1/accounts/operator/link", post("")));
    const { headers } = await api.ask("/v1/auth/link", post({ token: tokenOf(link.url) }));
    return new Scene(api, ada, bob, cookieOf(headers), version, open.version);
  }

  private constructor(
    api: TestApi,
    ada: TestMember,
    bob: TestMember,
    operatorCookie: string,
    version: string,
    openVersion: string,
  ) {
    this.api = api;
    this.ada = ada;
    this.bob = bob;
    this.operatorCookie = operatorCookie;
    this.version = version;
    this.openVersion = openVersion;
  }

  /** A name that is not taken. */
  fresh(word: string): string {
    return `${word}-${++this.#made}`;
  }

  /** The bare name of a function of ada's. */
  async function(visibility = "private"): Promise<string> {
    const name = this.fresh("function");
    const body = { name, source: this.source, visibility };
    await made(this.ada.json("/v1/functions", post(body)));
    return name;
  }

  async dataset(visibility = "private"): Promise<string> {
    const path = `/v1/datasets?format=lines&name=${this.fresh("lines")}&visibility=${visibility}`;
    return (await made<{ id: string }>(this.ada.json(path, post("a\nb\n")))).id;
  }

  /** The key of an upload of ada's whose connection broke after two bytes of four. */
  async upload(): Promise<string> {
    const key = this.fresh("upload");
    const { uploads } = this.api.deps;
    const path = "/v1/datasets?format=lines&name=broken";
    const headers = { "idempotency-key": key, "content-length": "4", ...bearer(this.ada.key) };
    const { hostname, port } = new URL(this.api.url);
    const sent = request({ hostname, port, method: "POST", path, headers });
    sent.on("error", () => {});
    sent.write("a\n");
    const session = () => uploads.find(this.ada.account, key);
    while (session()?.offset !== 2) await sleep(5);
    sent.destroy();
    while (session()?.isBusy) await sleep(5);
    return key;
  }

  /** A machine of ada's that was paid for something. */
  earningRunner(): string {
    const runner = this.fresh("run");
    this.api.deps.payments.runnerEarnings.paid({ account: this.ada.account, runner }, 1);
    return runner;
  }

  /** A machine of ada's that was connected once. */
  awayRunner(): string {
    const runner = this.fresh("run");
    this.api.deps.machines.left(runnerInfo({ owner: this.ada.account, id: runner }));
    return runner;
  }

  /** It waits for a runner. */
  async job(): Promise<string> {
    const body = { function: "ada/secret", input: [1] };
    return (await made<{ id: string }>(this.ada.json("/v1/jobs", post(body)))).id;
  }

  /** One that has succeeded: the test does what runners do. */
  async endedJob(): Promise<string> {
    const id = await this.job();
    const { jobs } = this.api.deps.store;
    const nowMs = Date.now();
    const take = { holder: "test", leases: 1, tasksMax: 9, leaseMs: 60_000, nowMs };
    const [lease] = await jobs.lease(id, take);
    const inline = Buffer.from("1\n");
    const output = {
      ...{ level: 0, index: lease!.lo, hash: digestOf(inline), fuel: 7 },
      ...{ bytes: inline.byteLength, hostClass: "test", inline },
    };
    const answer = { token: lease!.token, lo: lease!.lo, hi: lease!.hi, outputs: [output] };
    await jobs.complete(id, [{ ...answer, earner: earnerOf("acc_test", "run_test") }]);
    await jobs.setStatus(id, "succeeded", { nowMs, resultStage: lease!.stage });
    return id;
  }

  /** The path of a pool of ada's, and its name. */
  async pool(): Promise<{ path: string; name: string }> {
    const body = { name: this.fresh("pool") };
    const { name } = await made<{ name: string }>(this.ada.json("/v1/pools", post(body)));
    return { path: `/v1/pools/${name}`, name };
  }

  /** A commercial of ada's that nobody sees yet, with a budget and a picture. */
  draft(sponsor: TestMember = this.ada): Promise<string> {
    return this.#campaign(sponsor);
  }

  async running(sponsor: TestMember = this.ada): Promise<string> {
    const id = await this.#campaign(sponsor);
    await made(sponsor.json(`/v1/campaigns/${id}/start`, post("")));
    return id;
  }

  async #campaign(sponsor: TestMember): Promise<string> {
    const body = { ...commercial, budget: 1 };
    const { id } = await made<{ id: string }>(sponsor.json("/v1/campaigns", post(body)));
    await made(sponsor.json(`/v1/campaigns/${id}/media`, picture));
    this.#campaigns.push({ id, sponsor });
    return id;
  }

  /** ada watches what bob pays for. */
  async view(): Promise<string> {
    const id = await this.running(this.bob);
    const path = `/v1/campaigns/${id}/views`;
    return (await made<{ token: string }>(this.ada.json(path, post("")))).token;
  }

  async payout(): Promise<string> {
    return (await made<{ id: string }>(this.ada.json("/v1/payouts", post(exchange)))).id;
  }

  /** An account has only so many of many things: what can be ended is. */
  async sweep(): Promise<void> {
    for (const { id, sponsor } of this.#campaigns.splice(0))
      await sponsor.ask(`/v1/campaigns/${id}/end`, post(""));
    for (const who of [this.ada, this.bob, this.api]) {
      const payouts = await made<{ items: { id: string }[] }>(
        who.json("/v1/payouts?state=requested"),
      );
      for (const { id } of payouts.items) await who.ask(`/v1/payouts/${id}/withdraw`, post(""));
    }
    const { items } = await made<{ items: { name: string; role: string }[] }>(
      this.ada.json("/v1/pools?limit=200"),
    );
    for (const { name, role } of items)
      if (role === "owner") await this.ada.ask(`/v1/pools/${name}`, { method: "DELETE" });
  }

  /** The same with bob in it. */
  async sharedPool(): Promise<{ path: string; name: string }> {
    const pool = await this.invitingPool();
    await made(this.bob.json(`${pool.path}/accept`, post("")));
    return pool;
  }

  /** The same with bob invited. */
  async invitingPool(): Promise<{ path: string; name: string }> {
    const pool = await this.pool();
    await this.invitation(pool.path, { handle: "bob" });
    return pool;
  }

  invitation(path: string, body: object = {}): Promise<{ id: string; code: string }> {
    return made(this.ada.json(`${path}/invitations`, post(body)));
  }

  async key(): Promise<string> {
    const body = { name: "one more", scopes: ["datasets"] };
    return (await made<{ id: string }>(this.ada.json("/v1/keys", post(body)))).id;
  }

  /** Of another browser of ada's. */
  async session(): Promise<string> {
    // Which a row before may have changed.
    const { email } = await made<{ email: string }>(this.ada.json("/v1/me"));
    await made(this.api.json("/v1/auth/sign-in/email", post({ email, password: testPassword })));
    const { items } = await made<{ items: { id: string }[] }>(this.ada.json("/v1/auth/sessions"));
    return items
      .map(({ id }) => id)
      .sort()
      .at(-1)!;
  }

  async signInToken(): Promise<string> {
    const { handle } = await this.api.member(this.fresh("linked"));
    const path = `/v1/accounts/${handle}/link`;
    const { url } = await made<{ url: string }>(this.api.json(path, post("")));
    return tokenOf(url);
  }

  device(): Promise<{ device_code: string; user_code: string }> {
    return made(this.api.json("/v1/device/code", post({ client_id: "sparegrid" })));
  }

  /** Of a function that can be published. */
  readonly source = identitySource("More");
}

/** What a request made. @throws Error when it was refused */
export async function made<T>(asked: Promise<{ status: number; body: unknown }>): Promise<T> {
  const { status, body } = await asked;
  if (status >= 300) throw new Error(`the scene is not set: ${status} ${JSON.stringify(body)}`);
  return body as T;
}

function bearer(key: string): { authorization: string } {
  return { authorization: `Bearer ${key}` };
}

function tokenOf(url: string): string {
  return new URL(url).searchParams.get("token")!;
}
