import { setTimeout as sleep } from "node:timers/promises";
import { Cluster, Command, Redis, ReplyError } from "ioredis";
import { GridError } from "../../../protocol/errors.ts";
import type { StoreLog } from "../log.ts";
import { type Address, type ConnectOptions, parseAddress } from "./address.ts";
import { type FunctionName, librarySource, serverName } from "./library.ts";

/** How long a verb survives a Redis that restarts or fails over. */
const retryTotalMs = 20_000;
const retryFirstMs = 20;
const retryLastMs = 1000;
/** A server that says nothing for so long counts as lost; the command is sent again. */
const commandTimeoutMs = 5000;
const connectTimeoutMs = 3000;

export type Argument = string | number | Uint8Array;

/** Errors that a server gives while it cannot serve but soon may. */
const passing =
  /^(LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|BUSY|OOM|MISCONF|NOREPLICAS|MOVED|ASK|NOGOODSLAVE)\b/;

/**
 * A connection to one Redis or a Cluster. A command that is lost with its connection is sent again, here and by the
 * Cluster client itself, so everything sent must be safe to repeat: function calls carry a request id.
 *
 * Commands of one turn are written as they come and share a round trip; they wait for nothing. (Automatic pipelining
 * keeps one batch in flight at a time, which holds a call back for as long as the batch before it takes.)
 */
export class Connection {
  readonly #client: Redis | Cluster;
  readonly #subscriber: Redis | Cluster;
  readonly #closing = new AbortController();
  #loading: Promise<void> | undefined;

  private constructor(address: Address, log: StoreLog) {
    const warn = (error: Error) => log.warn({ error }, "the connection to Redis failed");
    if (address.type === "cluster") {
      const cluster = new Cluster(address.nodes, {
        lazyConnect: true,
        enableOfflineQueue: false,
        slotsRefreshTimeout: connectTimeoutMs,
        clusterRetryStrategy: backoff,
        redisOptions: sharedOptions(address.options),
      });
      this.#client = cluster;
      this.#subscriber = cluster;
    } else {
      const options = {
        ...address.options,
        ...sharedOptions({}),
        lazyConnect: true,
        retryStrategy: backoff,
      };
      this.#client = new Redis({ ...options, enableOfflineQueue: false });
      this.#subscriber = new Redis({
        ...options,
        enableOfflineQueue: true,
        maxRetriesPerRequest: null,
        autoResubscribe: true,
      });
      this.#subscriber.on("error", warn);
    }
    this.#client.on("error", warn);
  }

  /** @throws GridError store-unavailable */
  static async open(url: string, log: StoreLog): Promise<Connection> {
    const connection = new Connection(parseAddress(url), log);
    try {
      connection.#client.connect().catch(() => {});
      if (connection.#subscriber !== connection.#client)
        connection.#subscriber.connect().catch(() => {});
      await connection.#run(() => connection.#load());
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** A command whose reply is text (and arrays of it). */
  text(name: string, ...args: Argument[]): Promise<unknown> {
    return this.#run(() => this.#send(name, args, "utf8"));
  }

  /** A command whose reply is bytes (and arrays of them). */
  bytes(name: string, ...args: Argument[]): Promise<unknown> {
    return this.#run(() => this.#send(name, args, null));
  }

  /** Calls a function on a job's keys. */
  async call(name: FunctionName, key: string, args: readonly Argument[]): Promise<string> {
    const all = [serverName(name), 1, key, ...args];
    return (await this.#run(() => this.#sendCall(all, "utf8"))) as string;
  }

  callBytes(name: FunctionName, key: string, args: readonly Argument[]): Promise<unknown> {
    const all = [serverName(name), 1, key, ...args];
    return this.#run(() => this.#sendCall(all, null));
  }

  /** A command for every master, whose reply is text; one master where there is no Cluster. */
  async everyMaster(name: string, ...args: Argument[]): Promise<unknown[]> {
    return this.#run(() =>
      Promise.all(this.#masters().map((master) => sendTo(master, name, args, "utf8"))),
    );
  }

  /** Names of the masters now: a scan that goes from one to the next looks at each. */
  masters(): string[] {
    return this.#masters().map(nameOf);
  }

  /** A command for one master, by its name. @throws GridError store-unavailable when it is no master any more */
  textOf(master: string, name: string, ...args: Argument[]): Promise<unknown> {
    return this.#run(() => {
      const node = this.#masters().find((candidate) => nameOf(candidate) === master);
      if (!node) throw new Error(`${master} is no master of the cluster`);
      return sendTo(node, name, args, "utf8");
    });
  }

  /** Sent once, without a second try. @throws GridError store-unavailable */
  async once(name: string, ...args: Argument[]): Promise<unknown> {
    try {
      return await this.#send(name, args, "utf8");
    } catch (cause) {
      throw new GridError("store-unavailable", "Redis does not answer", {}, { cause });
    }
  }

  onMessage(listener: (channel: string, message: string) => void): void {
    this.#subscriber.on("message", listener);
  }

  /** Best effort: who subscribes also looks from time to time. */
  async subscribe(channel: string): Promise<void> {
    await this.#subscriber.subscribe(channel);
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#subscriber.unsubscribe(channel);
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    this.#closing.abort();
    this.#client.disconnect();
    if (this.#subscriber !== this.#client) this.#subscriber.disconnect();
  }

  #send(name: string, args: readonly Argument[], encoding: "utf8" | null): Promise<unknown> {
    return sendTo(this.#client, name, args, encoding);
  }

  async #sendCall(args: readonly Argument[], encoding: "utf8" | null): Promise<unknown> {
    try {
      return await this.#send("fcall", args, encoding);
    } catch (error) {
      // A server that was emptied, or a master that joined the cluster, has no library yet.
      if (!refusal(error)?.includes("Function not found")) throw error;
      this.#loading ??= this.#load().finally(() => {
        this.#loading = undefined;
      });
      await this.#loading;
      return this.#send("fcall", args, encoding);
    }
  }

  async #load(): Promise<void> {
    const load = ["LOAD", "REPLACE", librarySource()];
    await Promise.all(this.#masters().map((node) => sendTo(node, "function", load, null)));
  }

  /** @throws Error when a cluster's are not known yet */
  #masters(): Redis[] {
    if (!(this.#client instanceof Cluster)) return [this.#client];
    const masters = this.#client.nodes("master");
    if (masters.length === 0) throw new Error("the cluster has no masters yet");
    return masters;
  }

  async #run<T>(attempt: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    for (let tries = 1; ; tries++) {
      if (this.#closing.signal.aborted)
        throw new GridError("store-unavailable", "The store is closed");
      try {
        return await attempt();
      } catch (cause) {
        const refused = refusal(cause);
        if (refused !== undefined && !passing.test(refused))
          throw new GridError("internal", `Redis refused: ${refused}`, {}, { cause });
        if (this.#closing.signal.aborted || performance.now() - startedMs > retryTotalMs)
          throw new GridError("store-unavailable", "Redis does not answer", {}, { cause });
      }
      const delayMs = Math.min(retryFirstMs * 2 ** (tries - 1), retryLastMs);
      await sleep(delayMs * (0.5 + Math.random() / 2), undefined, {
        signal: this.#closing.signal,
      }).catch(() => {});
    }
  }
}

function sendTo(
  client: Redis | Cluster,
  name: string,
  args: readonly Argument[],
  encoding: "utf8" | null,
): Promise<unknown> {
  const command = new Command(name, args.map(toArgument), { replyEncoding: encoding });
  return client.sendCommand(command) as Promise<unknown>;
}

function nameOf({ options }: Redis): string {
  return options.path ?? `${options.host}:${options.port}`;
}

/** Credentials and TLS, and how every connection behaves. */
function sharedOptions({ username, password, tls }: ConnectOptions) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    commandTimeout: commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    protocol: 2,
  } as const;
}

/** What the server itself said, in contrast to a lost connection. */
function refusal(error: unknown): string | undefined {
  return error instanceof ReplyError ? (error as Error).message : undefined;
}

function backoff(tries: number): number {
  return Math.min(retryFirstMs * 2 ** Math.min(tries, 10), retryLastMs);
}

function toArgument(argument: Argument): string | number | Buffer {
  if (!(argument instanceof Uint8Array) || Buffer.isBuffer(argument)) return argument;
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}
