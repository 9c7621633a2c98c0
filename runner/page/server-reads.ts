import { GridError } from "../../protocol/errors.ts";
import type { RunnerEarnings } from "../../protocol/http-runner-earnings.ts";
import type { RunnerUpdate } from "../../protocol/http-runner-page.ts";
import type { RunnerHost } from "../host.ts";

const answerMsMax = 5_000;
const earningsKnownMs = 10_000;
const ownerKnownMs = 300_000;
const updateKnownMs = 600_000;
const quarterMinutes = 15;

export interface ServerReadsOptions {
  host: RunnerHost;
  version: string;
  /** Names the program's content, where it was installed from a server. */
  build: string | undefined;
  clock: () => number;
}

interface Known<T> {
  value: Promise<T>;
  atMs: number;
}

/** What the page shows and only the server knows, asked with the runner's own key and remembered for a while. */
export class ServerReads {
  readonly #options: ServerReadsOptions;
  readonly #known = new Map<string, Known<unknown>>();
  #owner: string | null = null;

  constructor(options: ServerReadsOptions) {
    this.#options = options;
  }

  /** As far as it is known now; asks anew in the background. */
  get owner(): string | null {
    const { host } = this.#options;
    if (host.runner?.connected)
      this.#once("owner", ownerKnownMs, async () => {
        const body = await this.#get<{ items: { id: string; owner: string }[] }>("/v1/runners");
        const own = body.items.find(({ id }) => id === host.runner?.id);
        if (own) this.#owner = own.owner;
      }).catch(() => {});
    return this.#owner;
  }

  /** Days by this machine's clock. @throws GridError not-found: it has not joined; store-unavailable */
  earnings(): Promise<RunnerEarnings> {
    const { host } = this.#options;
    return this.#once("earnings", earningsKnownMs, () => {
      if (!host.runner) throw new GridError("not-found", "This machine has not joined yet.");
      const aheadMinutes = -new Date(this.#options.clock()).getTimezoneOffset();
      const offset = Math.round(aheadMinutes / quarterMinutes) * quarterMinutes;
      const id = encodeURIComponent(host.runner.id);
      return this.#get<RunnerEarnings>(`/v1/runners/${id}/earnings?offsetMinutes=${offset}`);
    });
  }

  /** Whether the server has another runner than this one. */
  update(): Promise<RunnerUpdate> {
    const { host, version, build } = this.#options;
    return this.#once("update", updateKnownMs, async () => {
      const url = host.membership?.url;
      const command =
        build === undefined && url !== undefined
          ? `npm install --global ${url}/runner.tgz`
          : "sparegrid-runner update";
      const none = { version, offered: null, available: false, command };
      if (url === undefined) return none;
      const release = await this.#get<{ version: string; build: string }>("/runner").catch(
        () => undefined,
      );
      if (!release) return none;
      const available = build === undefined ? release.version !== version : release.build !== build;
      return { version, offered: release.version, available, command };
    });
  }

  async #get<T>(path: string): Promise<T> {
    const { membership } = this.#options.host;
    if (!membership) throw new GridError("not-found", "This machine has not joined yet.");
    const { url, token } = membership;
    let response: Response;
    try {
      response = await fetch(url + path, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(answerMsMax),
        // The key is for this server alone.
        redirect: "error",
      });
    } catch (cause) {
      throw new GridError("store-unavailable", `${url} does not answer`, {}, { cause });
    }
    if (response.ok) return (await response.json()) as T;
    await response.body?.cancel();
    throw new GridError(
      response.status === 404 ? "not-found" : "store-unavailable",
      `${url} answered ${response.status}`,
    );
  }

  /** What failed is asked again the next time. */
  #once<T>(name: string, knownMs: number, ask: () => T | Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const known = this.#known.get(name) as Known<T> | undefined;
    if (known && clock() - known.atMs < knownMs) return known.value;
    const value = (async () => ask())();
    this.#known.set(name, { value, atMs: clock() });
    value.catch(() => {
      if (this.#known.get(name)?.value === value) this.#known.delete(name);
    });
    return value;
  }
}
