import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { type ErrorCode, errorCodes, GridError } from "../protocol/errors.ts";
import { decodeFrame } from "../protocol/frames.ts";
import type { GatewayToRunner } from "../protocol/gateway-to-runner.ts";
import { frameBytesMax, heartbeatMs, protocolVersion } from "../protocol/limits.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import { backoffMs } from "./backoff.ts";
import type { WelcomeMessage } from "./messages.ts";
import { Outbox } from "./outbox.ts";

export type Hello = Extract<RunnerToGateway, { type: "hello" }>;

export interface GatewayEvents {
  /** A session began. Nothing of a former session holds. */
  onWelcome(welcome: WelcomeMessage): void;
  onMessage(message: GatewayToRunner, payloads: Uint8Array[]): void;
  /** The session ended: its leases are void. */
  onLost(reason: string): void;
  /** The outbox has room again. */
  onDrained(): void;
  /**
   * The gateway will not have this runner, and trying again would not help: before the first session, or when the key
   * was revoked.
   */
  onRefused(error: GridError): void;
  /** A try failed; the next one comes by itself. */
  onRetry(error: Error, waitMs: number): void;
}

export interface GatewayClientOptions extends GatewayEvents {
  url: string;
  token: string;
  /** Asked whenever a session is to begin: what it lends may have changed. */
  hello: () => Omit<Hello, "type" | "protocol">;
  /** A connection was made. */
  onSocket?: (socket: Socket) => void;
  random?: () => number;
}

const firstRetryMs = 100;
const retryMsMax = 10_000;
const welcomeMsMax = 10_000;

/**
 * One WebSocket to the gateway, kept alive for as long as the runner lives.
 *
 *   connecting → greeting (hello sent) → connected (welcome came) → lost → waiting (backoff) → connecting …
 *
 * A socket that is silent for two and a half heartbeats is dead: a machine that vanished sends no FIN.
 */
export class GatewayClient {
  readonly #options: GatewayClientOptions;
  #socket: WebSocket | undefined;
  #outbox: Outbox | undefined;
  #connected = false;
  #everConnected = false;
  /** The gateway, which had taken this runner, says that it may not come any more. */
  #dismissed = false;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: GatewayClientOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get congested(): boolean {
    return this.#outbox?.congested ?? false;
  }

  start(): void {
    this.#connect();
  }

  /** Ignored without a session: what the message answers is void then. */
  send(message: RunnerToGateway, payloads?: Uint8Array[]): void {
    if (this.#connected) this.#outbox?.push(message, payloads);
  }

  /** Waits, at most `timeoutMs`, until all that was sent is written out. */
  async flushed(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    this.#outbox?.flush();
    while (this.#connected && this.#outbox && !this.#outbox.empty && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Ends this session; a new one is tried after a while. */
  disconnect(reason: string): void {
    this.#socket?.close(1000, reason);
  }

  /** Idempotent. Resolves once the socket is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const cutOff = setTimeout(() => socket.terminate(), 1_000);
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    else socket.close(1000, "closing");
    await closed;
    clearTimeout(cutOff);
  }

  #connect(): void {
    if (this.#closed) return;
    const { url, token, hello, onMessage } = this.#options;
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/runner`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      handshakeTimeout: 10_000,
      maxPayload: frameBytesMax * 2,
      skipUTF8Validation: true,
      // Masks keep scripts in browsers from writing what a proxy takes for HTTP (RFC 6455, 10.3). No script writes
      // here, and with a mask of zeros neither side passes over the bytes.
      generateMask: (mask) => void mask.fill(0),
    });
    this.#socket = socket;
    const outbox = new Outbox(socket, () => this.#options.onDrained());
    this.#outbox = outbox;
    let failure: Error | undefined;
    let silentMsMax = welcomeMsMax;
    let lastHeardMs = performance.now();
    let watch: NodeJS.Timeout | undefined;
    const heard = (): void => {
      lastHeardMs = performance.now();
    };
    const watchEvery = (everyMs: number): void => {
      clearInterval(watch);
      watch = setInterval(() => {
        if (performance.now() - lastHeardMs > silentMsMax) {
          failure = new Error(`the gateway was silent for ${silentMsMax} ms`);
          socket.terminate();
        } else if (socket.readyState === WebSocket.OPEN) socket.ping();
      }, everyMs);
    };

    socket.on("upgrade", ({ socket: connection }) => {
      connection.setNoDelay(true);
      this.#options.onSocket?.(connection);
    });
    socket.on("open", () => {
      heard();
      watchEvery(1_000);
      outbox.push({ type: "hello", protocol: protocolVersion, ...hello() });
    });
    socket.on("ping", heard);
    socket.on("pong", heard);
    socket.on("message", (data: Buffer, isBinary) => {
      heard();
      if (!isBinary) return;
      try {
        for (const envelope of decodeFrame(data)) {
          // The gateway is the one party a runner must trust: it is the address that its owner configured.
          const message = envelope.message as GatewayToRunner;
          if (message.type === "welcome") {
            silentMsMax = (message.heartbeatMs || heartbeatMs) * 2.5;
            watchEvery(message.heartbeatMs || heartbeatMs);
            this.#connected = true;
            this.#everConnected = true;
            this.#attempt = 0;
            this.#options.onWelcome(message);
          } else if (message.type === "refused") {
            failure = refusal(message, url);
            this.#dismissed = /^(unauthorized|protocol-version)$/.test(message.code);
            socket.close(1000, "refused");
          } else if (this.#connected) onMessage(message, envelope.payloads);
        }
      } catch (error) {
        failure = new GridError(
          "internal",
          "a frame of the gateway is broken",
          {},
          { cause: error },
        );
        socket.close(1002, "broken frame");
      }
    });
    socket.on("unexpected-response", (request, response) => {
      failure = unexpectedStatus(response.statusCode ?? 0, url);
      response.resume();
      request.destroy();
      // ws leaves ending the socket to whoever listens here.
      socket.terminate();
    });
    socket.on("error", (error) => {
      failure ??= error;
    });
    socket.on("close", (code, reason) => {
      clearInterval(watch);
      outbox.close();
      const wasConnected = this.#connected;
      this.#connected = false;
      const why = failure ?? new Error(reason.toString() || `the socket closed (${code})`);
      if (wasConnected) this.#options.onLost(why.message);
      this.#next(why);
    });
  }

  #next(error: Error): void {
    if (this.#closed) return;
    if ((!this.#everConnected || this.#dismissed) && error instanceof GridError) {
      this.#closed = true;
      this.#options.onRefused(error);
      return;
    }
    const random = this.#options.random ?? Math.random;
    const waitMs = backoffMs(this.#attempt++, { baseMs: firstRetryMs, capMs: retryMsMax, random });
    this.#options.onRetry(error, waitMs);
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }
}

/** For an installed runner, and for one in a checkout of the project. */
const joinCommands = "sparegrid-runner join (in a checkout: npx sparegrid runner --join)";

/** A GridError when trying again would not help. */
function refusal({ code, message }: { code: string; message: string }, url: string): Error {
  if (code in errorCodes && errorCodes[code as ErrorCode][1] === "platform")
    return new Error(`the gateway refused for now (${code}): ${message}`);
  if (code === "unauthorized")
    return new GridError("unauthorized", `${message} For another token: ${joinCommands}`);
  if (code === "quota-exceeded") return new GridError("quota-exceeded", message);
  return new GridError(
    "bad-request",
    `the gateway refused this runner (${code}): ${message}. This runner speaks protocol version ${protocolVersion}; if the gateway speaks another, install the runner that it hands out: npm install --global ${url}/runner.tgz (in a checkout of the project: take the release that the gateway runs)`,
  );
}

/** 401, 403 and 404 will be the same on the next try; anything else may pass. */
function unexpectedStatus(status: number, url: string): Error {
  if (status === 401 || status === 403)
    return new GridError(
      "unauthorized",
      `${url} does not accept the token (HTTP ${status}). Get one by ${joinCommands}, or pass a key with the scope "runners" as --token`,
    );
  if (status === 404)
    return new GridError("not-found", `${url} has no /v1/runner: is it a Sparegrid gateway?`);
  return new Error(`${url} answered HTTP ${status}`);
}
