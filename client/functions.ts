import {
  type ForkRequest,
  type FunctionChange,
  type FunctionDetail,
  type FunctionListQuery,
  type FunctionSummary,
  functionDetailSchema,
  functionPageSchema,
  type PublishBody,
  type Published,
  publishedSchema,
  type Tried,
  type TryRequest,
  triedSchema,
} from "../protocol/http.ts";
import type { Abortable } from "./jobs.ts";
import { paged } from "./paged.ts";
import type { Transport } from "./transport.ts";

/** Functions: publish and browse. Throws GridError, ConnectionError, the signal's reason. */
export class FunctionsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Publishes source text. A file with its imports is collected by `collectSource` of "./source.ts" (Node only).
   * @throws GridError syntax-error, forbidden-import, impure-function, …; details.at is the author's position
   */
  publish(body: PublishBody, options: Abortable = {}): Promise<Published> {
    return this.#transport.json(
      { method: "POST", path: "/v1/functions", json: body, ...options },
      publishedSchema,
    );
  }

  /** Publishes a TypeScript file with the relative files and npm packages it imports; Node only. */
  async publishFile(
    path: string,
    options: Partial<Omit<PublishBody, "source" | "files">> & Abortable = {},
  ): Promise<Published> {
    const { collectSource, nameOfFile } = await import("./source.ts");
    const { signal, name = nameOfFile(path), ...rest } = options;
    return this.publish({ name, ...(await collectSource(path)), ...rest }, { signal });
  }

  /**
   * Runs what is not published, once, on the server: on an input, on a dataset's first records, on the definition's own
   * example, or on something made up. Nothing is stored or paid.
   * @throws GridError as publish does, and the function's own errors; details.logs is what it wrote until then
   */
  try(body: TryRequest, options: Abortable = {}): Promise<Tried> {
    return this.#transport.json(
      { method: "POST", path: "/v1/functions/try", json: body, unhurried: true, ...options },
      triedSchema,
    );
  }

  /** The newest version, or the one named by at least 8 characters of its digest. */
  get(name: string, options: Abortable & { version?: string } = {}): Promise<FunctionDetail> {
    const { version, signal } = options;
    const path = pathOf(name);
    return this.#transport.json(
      {
        path: version === undefined ? path : `${path}/versions/${encodeURIComponent(version)}`,
        signal,
      },
      functionDetailSchema,
    );
  }

  /** Everyone's public functions and one's own: all, or what a search finds, fetched page by page. */
  list(
    options: Partial<Omit<FunctionListQuery, "cursor">> & Abortable = {},
  ): AsyncGenerator<FunctionSummary, void, undefined> {
    const { signal, ...query } = options;
    return paged((cursor) =>
      this.#transport.json(
        { path: "/v1/functions", query: { ...query, cursor }, signal },
        functionPageSchema,
      ),
    );
  }

  /** Changes what is said of one's own function, and who may find it. What is absent stays. */
  change(name: string, change: FunctionChange, options: Abortable = {}): Promise<FunctionDetail> {
    return this.#transport.json(
      { method: "PATCH", path: pathOf(name), json: change, ...options },
      functionDetailSchema,
    );
  }

  /** Deletes one's own function with all its versions; jobs under way end as they would have. @throws GridError not-found */
  async delete(name: string, options: Abortable = {}): Promise<void> {
    await this.#transport.send({ method: "DELETE", path: pathOf(name), ...options }, (response) =>
      response.text(),
    );
  }

  /** Makes a function of one's own of this one; private at first. @throws GridError conflict, not-found */
  fork(name: string, request: ForkRequest = {}, options: Abortable = {}): Promise<Published> {
    return this.#transport.json(
      { method: "POST", path: `${pathOf(name)}/fork`, json: request, ...options },
      publishedSchema,
    );
  }
}

/** @param name a name alone, or "owner/name" */
function pathOf(name: string): string {
  return `/v1/functions/${encodeURIComponent(name)}`;
}
