import { digestOf } from "../../protocol/digest.ts";
import { type ErrorBody, GridError } from "../../protocol/errors.ts";
import { newId } from "../../protocol/ids.ts";
import { inlineBytesMax } from "../../protocol/limits.ts";
import type { RunnerToGateway } from "../../protocol/runner-to-gateway.ts";
import type { AnsweredCall, CallRequest, CallResult } from "../ports.ts";
import type { BlobTokens } from "./blob-token.ts";
import { checkFuel } from "./check-fuel.ts";
import { crewKey } from "./crews.ts";
import type { MayWork } from "./may-work.ts";
import type { RunnerSession } from "./session.ts";
import { isServed } from "./sessions.ts";
import { WaitingCalls } from "./waiting-calls.ts";

type Called = Extract<RunnerToGateway, { type: "called" }>;
type CallFailed = Extract<RunnerToGateway, { type: "callFailed" }>;

/** Calls on their way to one runner, a slot. Beyond it they wait here, so that a faster runner can take them. */
const callsPerSlot = 32;
/** Calls that wait for any runner. */
const waitingMax = 4096;
/** Runners that may die under one call. */
const attemptsMax = 3;

interface PendingCall {
  id: string;
  request: CallRequest;
  session: RunnerSession | undefined;
  attempts: number;
  resolve: (result: CallResult) => void;
  reject: (error: unknown) => void;
}

/**
 * Synchronous invokes: straight to a warm executor and back, past the store. A function is pure, so a call whose
 * runner died is simply made again elsewhere.
 */
export class Calls {
  /** Call ids are this gateway's own prefix and a count: executors remember jobs by id, so no id may come twice. */
  readonly #prefix: string;
  #made = 0;
  readonly #pending = new Map<string, PendingCall>();
  readonly #waiting = new WaitingCalls<PendingCall>(({ request }) => crewKey(request));
  readonly #sessions: () => Iterable<RunnerSession>;
  readonly #mayWork: MayWork;
  readonly #tokens: BlobTokens;
  readonly #explain: (bundle: string, error: ErrorBody) => Promise<ErrorBody>;
  readonly #bundle: (digest: string) => Promise<Buffer | undefined>;
  readonly #onAnswered: ((call: AnsweredCall) => void) | undefined;

  constructor(deps: {
    sessions: () => Iterable<RunnerSession>;
    mayWork: MayWork;
    tokens: BlobTokens;
    clock: () => number;
    explain: (bundle: string, error: ErrorBody) => Promise<ErrorBody>;
    bundle: (digest: string) => Promise<Buffer | undefined>;
    onAnswered?: ((call: AnsweredCall) => void) | undefined;
  }) {
    this.#sessions = deps.sessions;
    this.#mayWork = deps.mayWork;
    this.#tokens = deps.tokens;
    this.#prefix = newId("call", deps.clock());
    this.#explain = deps.explain;
    this.#bundle = deps.bundle;
    this.#onAnswered = deps.onAnswered;
  }

  call(request: CallRequest): Promise<CallResult> {
    return new Promise((resolve, reject) => {
      const call: PendingCall = {
        id: `${this.#prefix}.${(this.#made++).toString(36)}`,
        request,
        session: undefined,
        attempts: 0,
        resolve,
        reject,
      };
      request.signal?.addEventListener("abort", () => this.#abort(call), { once: true });
      this.#place(call);
    });
  }

  onCalled(session: RunnerSession, message: Called, body: Uint8Array): void {
    const call = this.#take(session, message.call);
    if (!call) return;
    try {
      if (digestOf(body) !== message.hash)
        throw new GridError("runner-fault", "A runner's answer does not match its digest.");
      const { fuel, hash, ms } = message;
      checkFuel(call.request.limits, 1, fuel);
      call.resolve({ body, fuel, hash, ms, hostClass: session.hello.hostClass });
      const { owner, pool, function: name, version } = call.request;
      this.#onAnswered?.({
        id: call.id,
        owner,
        pool,
        function: name,
        version,
        runnerOwner: session.owner,
        runner: session.hello.runner,
        fuel,
        ms,
      });
    } catch (error) {
      call.reject(error);
    }
    this.placeWaiting();
  }

  async onCallFailed(session: RunnerSession, message: CallFailed): Promise<void> {
    const call = this.#take(session, message.call);
    if (!call) return;
    if (message.error.code === "task-lost" && call.attempts < attemptsMax) {
      this.#place(call);
      return;
    }
    const error = await this.#explain(call.request.bundle, message.error);
    call.reject(GridError.fromBody(error));
    this.placeWaiting();
  }

  /** A runner is gone: its calls are made again elsewhere. */
  onSessionClosed(session: RunnerSession): void {
    for (const call of [...this.#pending.values()]) {
      if (call.session !== session) continue;
      this.#pending.delete(call.id);
      if (call.attempts >= attemptsMax) {
        call.reject(
          new GridError("task-lost", "Runners kept disconnecting while they ran this call."),
        );
      } else this.#place(call);
    }
  }

  /** What the calls of a bundle that a runner was sent and has not answered are bound to. */
  *usesOf(session: RunnerSession, bundle: string): Iterable<CallRequest["uses"]> {
    for (const call of this.#pending.values())
      if (call.session === session && call.request.bundle === bundle) yield call.request.uses;
  }

  /** A slot came free, a runner connected, or runners may answer whom they might not before. */
  placeWaiting(): void {
    if (this.#waiting.size === 0 || !this.#leastBusy()) return;
    this.#waiting.offer((call) => {
      const session = this.#leastBusy(call.request);
      if (session) this.#send(call, session);
      return session !== undefined;
    });
  }

  close(): void {
    const error = new GridError("shutting-down", "The server is shutting down.");
    for (const call of [...this.#pending.values(), ...this.#waiting.clear()]) call.reject(error);
    this.#pending.clear();
  }

  #place(call: PendingCall): void {
    const session = this.#leastBusy(call.request);
    if (session) this.#send(call, session);
    else if (call.attempts === 0 && !isServed(this.#sessions(), this.#mayWork, call.request))
      call.reject(this.#noRunner());
    else if (this.#waiting.size >= waitingMax) {
      call.reject(new GridError("queue-full", `${waitingMax} calls are waiting already.`));
    } else this.#waiting.add(call);
  }

  #noRunner(): GridError {
    const hint =
      "Start one with `sparegrid runner`, or send `Prefer: respond-async` to queue it as a job.";
    for (const _ of this.#sessions())
      return new GridError("no-runner", "None of the connected runners may run this call.", {
        hint: `It asks for machines of its caller's own or of a pool, and none of them is here. ${hint} With "pool": "everyone" it runs on others', and costs.`,
      });
    return new GridError("no-runner", "No runner is connected, so nothing can run this call.", {
      hint,
    });
  }

  #send(call: PendingCall, session: RunnerSession): void {
    const { bundle } = call.request;
    call.session = session;
    call.attempts++;
    session.calls++;
    this.#pending.set(call.id, call);
    if (session.bundles.get(bundle)) this.#post(call, session);
    else void this.#postWithBundle(call, session);
  }

  /** The first call of a function brings its bundle along: that spares the runner a request before it can begin. */
  async #postWithBundle(call: PendingCall, session: RunnerSession): Promise<void> {
    const { bundle } = call.request;
    // Without it the runner asks for it, and tells what is wrong.
    const bytes = await this.#bundle(bundle).catch(() => undefined);
    if (this.#pending.get(call.id) !== call || call.session !== session) return;
    if (!bytes || bytes.byteLength > inlineBytesMax) {
      this.#post(call, session);
      return;
    }
    session.bundles.set(bundle, true);
    this.#post(call, session, bytes);
  }

  #post(call: PendingCall, session: RunnerSession, bundle?: Buffer): void {
    const { request } = call;
    const input = request.state ?? Buffer.from(request.input);
    session.send(
      {
        type: "call",
        ...(request.state ? { entry: "finish" as const } : {}),
        call: call.id,
        owner: request.owner,
        function: request.function,
        bundle: request.bundle,
        guest: {
          id: call.id,
          seed: request.seed,
          params: request.params,
          uses: Object.fromEntries(
            Object.entries(request.uses).map(([name, { digest }]) => [name, digest]),
          ),
          reducers: 1,
          shardCount: 1,
        },
        uses: request.uses,
        limits: request.limits,
        roundsMax: request.roundsMax,
        output: request.output,
        blobToken: this.#tokens.issueCached(session.id, request.bundle),
      },
      bundle ? [input, bundle] : [input],
    );
  }

  #take(session: RunnerSession, id: string): PendingCall | undefined {
    const call = this.#pending.get(id);
    if (call?.session !== session) return undefined;
    this.#pending.delete(id);
    session.calls--;
    return call;
  }

  #abort(call: PendingCall): void {
    this.#waiting.remove(call);
    if (this.#pending.delete(call.id) && call.session) {
      call.session.calls--;
      call.session.send({ type: "cancelCall", call: call.id });
    }
    call.reject(new GridError("timeout", "The call was given up before its answer came."));
  }

  /** Of those that have room for a call, and may answer this one. */
  #leastBusy(request?: CallRequest): RunnerSession | undefined {
    let best: RunnerSession | undefined;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (const session of this.#sessions()) {
      const load = session.calls / session.slots;
      const isReady = !session.draining && !session.paused && !session.suspect;
      if (!isReady || load >= bestLoad || load >= callsPerSlot) continue;
      if (!request || this.#mayWork(request, session)) {
        best = session;
        bestLoad = load;
      }
    }
    return best;
  }
}
