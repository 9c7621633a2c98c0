import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { digestOf } from "../../protocol/digest.ts";
import { decodeFrame, type Envelope, encodeFrame } from "../../protocol/frames.ts";
import type { GatewayToRunner } from "../../protocol/gateway-to-runner.ts";
import { type RunnerToGateway, runnerToGatewaySchema } from "../../protocol/runner-to-gateway.ts";

export type Heard = Envelope<RunnerToGateway>;
type Type = RunnerToGateway["type"];
type HeardOf<T extends Type> = Envelope<Extract<RunnerToGateway, { type: T }>>;

type BlobAnswer = number | undefined;

export interface ScriptedGatewayOptions {
  token?: string;
  leaseMs?: number;
  heartbeatMs?: number;
  inlineBytesMax?: number;
  /** What it says in its welcome; nothing, as an older gateway, when absent. */
  understands?: readonly "offer"[];
  /** Answers hello instead of a welcome. */
  greet?: (hello: HeardOf<"hello">["message"]) => GatewayToRunner | undefined;
  /** Called for every blob request, which waits for it; gives a status to answer instead of the blob. */
  onBlob?: (method: string, digest: string) => BlobAnswer | Promise<BlobAnswer>;
}

/**
 * The other end of the protocol, driven by a test: a real HTTP and WebSocket server that says what the test tells it
 * to and keeps what the runner says. Every message it hears is checked against the protocol's schema.
 */
export class ScriptedGateway {
  readonly blobs = new Map<string, Buffer>();
  readonly blobRequests: { method: string; digest: string; token: string }[] = [];
  /** The most blob requests that were open at once. */
  blobsOpenMost = 0;
  readonly heard: Heard[] = [];
  /** Number of frames the messages came in. */
  frames = 0;
  sessions = 0;
  pings = 0;
  socket: WebSocket | undefined;
  readonly #options: ScriptedGatewayOptions;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  #waiters: (() => void)[] = [];
  #blobsOpen = 0;

  private constructor(options: ScriptedGatewayOptions) {
    this.#options = options;
    this.#http = createServer((request, response) => void this.#serveBlob(request, response));
    this.#sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    this.#http.on("upgrade", (request, socket, head) => {
      const wanted = `Bearer ${options.token ?? "token"}`;
      if (request.url !== "/v1/runner" || request.headers.authorization !== wanted) {
        const status = request.url === "/v1/runner" ? "401 Unauthorized" : "404 Not Found";
        socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#session(ws));
    });
  }

  static async start(options: ScriptedGatewayOptions = {}, port = 0): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway(options);
    await new Promise<void>((resolve) => gateway.#http.listen(port, "127.0.0.1", resolve));
    return gateway;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Keeps a blob and returns its digest. */
  blob(bytes: Uint8Array | string): string {
    const digest = digestOf(bytes);
    this.blobs.set(digest, Buffer.from(bytes));
    return digest;
  }

  send(message: GatewayToRunner, payloads: Uint8Array[] = []): void {
    this.sendAll([{ message, payloads }]);
  }

  sendAll(envelopes: Envelope<GatewayToRunner>[]): void {
    this.socket!.send(encodeFrame(envelopes));
  }

  messages<T extends Type>(type: T): HeardOf<T>["message"][] {
    return this.all(type).map(({ message }) => message);
  }

  all<T extends Type>(type: T): HeardOf<T>[] {
    return this.heard.filter((one): one is HeardOf<T> => one.message.type === type);
  }

  /** Waits until `found` gives something. @throws after `timeoutMs`, with what was heard */
  async until<T>(found: () => T | undefined | false, timeoutMs = 10_000): Promise<T> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const value = found();
      if (value) return value;
      const left = end - performance.now();
      if (left <= 0) {
        const heard = this.heard.map(({ message }) => JSON.stringify(message)).join("\n");
        throw new Error(`waited ${timeoutMs} ms in vain; heard:\n${heard}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 20));
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The first of a type, whenever it comes. */
  next<T extends Type>(type: T, timeoutMs?: number): Promise<HeardOf<T>> {
    return this.until(() => this.all(type)[0], timeoutMs);
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  #session(socket: WebSocket): void {
    this.socket = socket;
    socket.on("ping", () => this.pings++);
    socket.on("message", (data: Buffer) => {
      this.frames++;
      for (const { message: raw, payloads } of decodeFrame(data)) {
        const message = runnerToGatewaySchema.parse(raw);
        this.heard.push({ message, payloads });
        if (message.type === "hello") this.#greet(message);
      }
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const wake of waiters) wake();
    });
  }

  #greet(hello: HeardOf<"hello">["message"]): void {
    const {
      greet,
      leaseMs = 15_000,
      heartbeatMs = 5_000,
      inlineBytesMax = 262_144,
      understands,
    } = this.#options;
    if (greet) {
      const answer = greet(hello);
      if (answer) this.send(answer);
      return;
    }
    this.sessions++;
    const session = `ses_${this.sessions}`;
    const { runner } = hello;
    this.send({
      type: "welcome",
      session,
      runner,
      leaseMs,
      heartbeatMs,
      inlineBytesMax,
      ...(understands && { understands }),
    });
  }

  async #serveBlob(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const digest = request.url!.split("/").at(-1)!;
    const method = request.method!;
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    this.blobRequests.push({ method, digest, token });
    this.#blobsOpen++;
    this.blobsOpenMost = Math.max(this.blobsOpenMost, this.#blobsOpen);
    response.on("close", () => this.#blobsOpen--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const status = await this.#options.onBlob?.(method, digest);
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    if (method === "PUT") {
      const bytes = Buffer.concat(chunks);
      this.blobs.set(digest, bytes);
      response.writeHead(digestOf(bytes) === digest ? 201 : 422).end();
      return;
    }
    const bytes = this.blobs.get(digest);
    if (bytes) response.writeHead(200, { "content-length": bytes.byteLength }).end(bytes);
    else response.writeHead(404).end();
  }
}
