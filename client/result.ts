import { ConnectionError, connectionError } from "./connection-error.ts";
import { resumed } from "./resumed.ts";

/**
 * A job's result, unread. Read it once, by the one method that fits: lines for map and mapReduce outputs, json for an
 * iterative job's value, bytes for binary outputs, or `body` to pipe it on.
 */
export class ResultBody {
  readonly contentType: string;
  /** Records (lines) when the API told. */
  readonly records: number | undefined;
  readonly body: ReadableStream<Uint8Array>;
  readonly #url: string;

  /** @param reopen asks for the same body again, when the connection breaks under it */
  constructor(
    response: Response,
    url: string,
    reopen: () => Promise<Response["body"]>,
    signal?: AbortSignal,
  ) {
    this.contentType = response.headers.get("content-type") ?? "application/octet-stream";
    const records = response.headers.get("x-records");
    this.records = records === null ? undefined : Number(records);
    const bodyOf = (body: Response["body"]): ReadableStream<Uint8Array> =>
      body ?? new Response("").body!;
    this.body = resumed(bodyOf(response.body), async () => bodyOf(await reopen()), signal);
    this.#url = url;
  }

  /** Whether this is text in lines or JSON, rather than bytes of some other type. */
  get isText(): boolean {
    return /^(?:text\/|application\/(?:json|x-ndjson|ndjson|jsonl|csv))/.test(this.contentType);
  }

  get isLines(): boolean {
    return /ndjson|jsonl/.test(this.contentType);
  }

  async bytes(): Promise<Uint8Array> {
    try {
      return new Uint8Array(await new Response(this.body).arrayBuffer());
    } catch (error) {
      throw connectionError(this.#url, error);
    }
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** One parsed value a line, in constant memory. */
  async *lines(): AsyncGenerator<unknown, void, undefined> {
    for await (const line of this.textLines()) if (line !== "") yield JSON.parse(line);
  }

  /** The lines as text, without their ends. */
  async *textLines(): AsyncGenerator<string, void, undefined> {
    let rest = "";
    try {
      const decoder = new TextDecoder();
      for await (const chunk of this.body) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop()!;
        yield* lines;
      }
    } catch (error) {
      throw error instanceof ConnectionError ? error : connectionError(this.#url, error);
    }
    if (rest !== "") yield rest;
  }

  /** The whole result as a value: an array of its lines, the JSON value, or the bytes. */
  async value(): Promise<unknown> {
    if (!this.isText) return this.bytes();
    if (!this.isLines) return JSON.parse(await this.text());
    const values: unknown[] = [];
    for await (const value of this.lines()) values.push(value);
    return values;
  }
}
