import type { WebSocket } from "ws";
import { GridError } from "../../protocol/errors.ts";
import type { RunnerToGateway } from "../../protocol/runner-to-gateway.ts";
import type { Calls } from "./calls.ts";
import { type CutOff, cutOff } from "./cut-off.ts";
import type { FollowedRounds } from "./followed-rounds.ts";
import { greet } from "./greeting.ts";
import type { GatewayHooks } from "./hooks.ts";
import type { LeaseAnswers } from "./lease-answers.ts";
import { receive } from "./reception.ts";
import type { RunnerOwner, RunnerSession } from "./session.ts";
import { runnersOf } from "./sessions.ts";
import type { SilenceWatch } from "./silence-watch.ts";

export interface ConnectionsDeps {
  sessions: Map<string, RunnerSession>;
  calls: Calls;
  answers: LeaseAnswers;
  rounds: FollowedRounds;
  silence: SilenceWatch;
  hooks: GatewayHooks;
  clock: () => number;
  leaseMs: number;
  heartbeatMs: number;
  /** There are other runners than before, or they offer something else. */
  onChanged: () => void;
  log: { info(fields: object, text: string): void };
  warn: (error: unknown, text: string) => void;
  /** Runs what nobody waits for; logs its failure. */
  quietly: (work: () => Promise<unknown>) => Promise<void>;
}

/** Runners from the moment that their sockets arrive until they are gone: who they are, and who hears what they say. */
export class Connections {
  readonly #deps: ConnectionsDeps;
  /** Sockets that have not said hello, by whom they came. */
  readonly #arriving = new Map<WebSocket, RunnerOwner>();

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
  }

  accept(socket: WebSocket, owner: RunnerOwner): void {
    const { silence, warn, quietly } = this.#deps;
    this.#arriving.set(socket, owner);
    socket.once("close", () => this.#arriving.delete(socket));
    receive(socket, {
      greet: (message) => {
        this.#arriving.delete(socket);
        return this.#greet(socket, owner, message);
      },
      message: (session, message, payloads) => this.#onMessage(session, message, payloads),
      broke: (session) => {
        session.faults++;
      },
      heard: (session) => silence.heard(session),
      closed: (session) => void quietly(() => this.#onClosed(session)),
      warn,
    });
  }

  closeOwnedBy(owner: CutOff): void {
    const { sessions, quietly } = this.#deps;
    cutOff(owner, this.#arriving, sessions.values(), (session) =>
      quietly(() => this.#giveBack(session, session.leases.keys(), false)),
    );
  }

  async close(): Promise<void> {
    const sessions = [...this.#deps.sessions.values()];
    this.#deps.sessions.clear();
    for (const session of sessions) {
      // Other gateways of the same store need not wait for these leases to expire.
      await this.#deps.quietly(() => this.#giveBack(session, session.leases.keys(), false));
      session.close(1001, "server is shutting down");
    }
  }

  #greet(
    socket: WebSocket,
    owner: RunnerOwner,
    message: RunnerToGateway,
  ): RunnerSession | undefined {
    const { sessions, hooks, clock, leaseMs, heartbeatMs, log, onChanged } = this.#deps;
    const { account } = owner;
    const refuses = (runner: string) =>
      hooks.refuses(account, runnersOf(sessions.values(), account, runner));
    const times = { nowMs: clock(), leaseMs, heartbeatMs };
    const session = greet(socket, owner, message, { ...times, refuses });
    if (!session) return undefined;
    sessions.set(session.id, session);
    const { name, slots, hostClass } = session.hello;
    log.info({ runner: name, slots, class: hostClass }, "runner connected");
    hooks.onLends(session.owner);
    onChanged();
    return session;
  }

  #onMessage(session: RunnerSession, message: RunnerToGateway, payloads: Uint8Array[]): void {
    const { answers, rounds, calls, onChanged, quietly } = this.#deps;
    switch (message.type) {
      case "result":
        answers.onResult(session, message, payloads);
        break;
      case "round":
        rounds.onRound(session, message, payloads);
        break;
      case "failed":
        void quietly(async () => {
          await rounds.settled([message.lease]);
          await answers.onFailed(session, message);
        });
        break;
      case "released":
        void quietly(() => this.#giveBack(session, message.leases, false));
        break;
      case "renew":
        void quietly(() => answers.renew(session, message.leases));
        break;
      case "called":
        calls.onCalled(session, message, payloads[0] ?? new Uint8Array());
        break;
      case "callFailed":
        void quietly(() => calls.onCallFailed(session, message));
        break;
      case "load":
        session.cpu = message.cpu;
        session.rssMb = message.rssMb;
        break;
      case "offer":
        session.offer(message);
        onChanged();
        break;
      case "draining":
        session.draining = true;
        break;
      case "hello":
        throw new GridError("runner-fault", "hello came twice");
    }
  }

  async #onClosed(session: RunnerSession): Promise<void> {
    const { sessions, hooks, calls, rounds, answers, log } = this.#deps;
    if (!sessions.delete(session.id)) return;
    const { leases } = session;
    log.info({ runner: session.hello.name, leases: leases.size }, "runner disconnected");
    for (const { next, hi } of leases.values()) session.tasksLost += Math.max(hi - next, 1);
    hooks.onLeft(session.info());
    hooks.onLends(session.owner);
    calls.onSessionClosed(session);
    await rounds.settled(leases.keys());
    for (const lease of [...leases.values()])
      await answers.taskEvent(lease, "retried", "its runner disconnected");
    await this.#giveBack(session, leases.keys(), true);
  }

  async #giveBack(
    session: RunnerSession,
    tokens: Iterable<string>,
    penalty: boolean,
  ): Promise<void> {
    const ended = [...tokens];
    await this.#deps.rounds.settled(ended);
    await this.#deps.answers.giveBack(session, ended, penalty);
  }
}
