import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { digestOf } from "../../../protocol/digest.ts";
import { decodeFrame, type Envelope, encodeFrame } from "../../../protocol/frames.ts";
import type { GatewayToRunner } from "../../../protocol/gateway-to-runner.ts";
import { protocolVersion } from "../../../protocol/limits.ts";
import { canonicalCover } from "../../../protocol/merge-tree.ts";
import type { RunnerOffer } from "../../../protocol/runner-offer.ts";
import type { RunnerToGateway } from "../../../protocol/runner-to-gateway.ts";

type Said = Envelope<RunnerToGateway>;
type Type = GatewayToRunner["type"];
type HeardOf<T extends Type> = Extract<GatewayToRunner, { type: T }>;
export type Run = HeardOf<"run">;
export type RoundMessage = Extract<RunnerToGateway, { type: "round" }>;

export interface ScriptedRunnerOptions {
  slots?: number;
  /** The multiple of the rate that it works for. */
  ask?: number;
  /** What it says that a task of a map takes, ms. */
  taskMs?: number;
  /** Whether it answers at all. Default true. */
  works?: boolean;
  /** What else it says in its hello. */
  offer?: Partial<RunnerOffer>;
  /** What it shows to a server that asks. */
  key?: string;
}

/**
 * The runner's end of the protocol, driven by a test. Leases of single stages it answers at once, with bytes that only
 * look like results; for those that follow their job the test speaks.
 */
export class ScriptedRunner {
  readonly heard: Envelope<GatewayToRunner>[] = [];
  /** The code that its socket was closed with. */
  closedWith: number | undefined;
  readonly #socket: WebSocket;
  readonly #taskMs: number;

  private constructor(
    socket: WebSocket,
    { taskMs = 1, works = true }: Omit<ScriptedRunnerOptions, "slots" | "ask" | "key">,
  ) {
    this.#socket = socket;
    this.#taskMs = taskMs;
    socket.on("message", (data: Buffer) => {
      for (const { message, payloads } of decodeFrame(data)) {
        const known = message as GatewayToRunner;
        this.heard.push({ message: known, payloads });
        if (works && known.type === "run" && !known.follow) this.answer(known);
      }
    });
    socket.on("close", (code) => {
      this.closedWith = code;
    });
  }

  static async connect(
    url: string,
    name: string,
    { slots = 2, ask, key, offer, ...options }: ScriptedRunnerOptions = {},
  ): Promise<ScriptedRunner> {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const socket = new WebSocket(url, { headers });
    const runner = new ScriptedRunner(socket, options);
    await once(socket, "open");
    const asks = ask === undefined ? {} : { ask };
    const about = {
      version: "1",
      hostClass: "v8",
      memoryMb: 1000,
      platform: "linux",
      ...asks,
      ...offer,
    };
    runner.say({ type: "hello", protocol: protocolVersion, runner: name, name, slots, ...about });
    await runner.until(() => runner.all("welcome")[0] ?? runner.closedWith);
    if (runner.all("welcome").length === 0)
      throw new Error(`turned away: ${JSON.stringify(runner.all("refused")[0])}`);
    return runner;
  }

  say(message: RunnerToGateway, payloads: Uint8Array[] = []): void {
    this.sayAll([{ message, payloads }]);
  }

  /** In one frame. */
  sayAll(envelopes: Said[]): void {
    this.#socket.send(encodeFrame(envelopes));
  }

  all<T extends Type>(type: T): HeardOf<T>[] {
    return this.heard.flatMap(({ message }) =>
      message.type === type ? [message as HeardOf<T>] : [],
    );
  }

  /** Runs that follow their job. */
  get followed(): Run[] {
    return this.all("run").filter(({ follow }) => follow);
  }

  payloadsOf(run: Run): Uint8Array[] {
    return this.heard.find(({ message }) => message === run)!.payloads;
  }

  /** Waits until `found` gives something. @throws after some seconds, with what was heard */
  async until<T>(found: () => T | undefined | false): Promise<T> {
    for (const deadline = performance.now() + 10_000; performance.now() < deadline; ) {
      const value = found();
      if (value) return value;
      await sleep(2);
    }
    const heard = this.heard.map(({ message }) => JSON.stringify(message)).join("\n");
    throw new Error(`waited in vain (closed with ${this.closedWith}); heard:\n${heard}`);
  }

  /** The nth lease that follows its job. */
  follows(nth = 1): Promise<Run> {
    return this.until(() => this.followed[nth - 1]);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** With bytes that only look like results. */
  answer(run: Run): void {
    const { lease, entry, lo, hi, round } = run;
    const nodes = entry === "map" ? canonicalCover(lo, hi, run.leaves!) : [{ level: 0, index: lo }];
    const bodies = nodes.map(({ level, index }) => {
      return Buffer.from(`${entry} of round ${round}: ${level}/${index}`);
    });
    const outputs = nodes.map((node, i) => outputOf(bodies[i]!, node));
    const control = entry === "step" ? { control: { done: false, metrics: { round } } } : {};
    const ms = (hi - lo) * this.#taskMs;
    this.say({ type: "result", lease, lo, hi, outputs, ...control, ms }, bodies);
  }
}

/** What a lease says of a round: the state's text, fuel 30 of the map and 3 of the step. */
export function roundOf(
  run: Run,
  round: number,
  state: string,
  more: Partial<Omit<RoundMessage, "type">> = {},
): Said {
  const body = Buffer.from(state);
  const control = { done: false, metrics: { round } };
  const { lease } = run;
  const output = outputOf(body, { level: 0, index: 0 });
  const times = { ms: run.hi, elapsedMs: 12.5 };
  const said = {
    type: "round",
    lease,
    round,
    output,
    fuel: 30,
    control,
    ...times,
    ...more,
  } as const;
  return { message: said, payloads: said.output.inline ? [body] : [] };
}

function outputOf(body: Buffer, node: { level: number; index: number }) {
  return { ...node, bytes: body.byteLength, hash: digestOf(body), fuel: 3, inline: true };
}
