import { type Remote, releaseProxy, wrap } from "comlink";
import type { TypeService } from "./type-service.ts";

export type TypesState = "starting" | "ready" | "failed";
type Service = Omit<TypeService, "ready" | "setFiles" | "update">;
type Answer<Name extends keyof Service> = Awaited<ReturnType<TypeService[Name]>>;

/** TypeScript itself is 1 MB to load. */
const startMsMax = 60_000;

/**
 * TypeScript in a worker. When the worker cannot start, or dies, every question is answered by nothing: the editor goes
 * on without types, and `onstate` says so.
 */
export class TypesClient {
  readonly #worker: Worker;
  readonly #service: Remote<TypeService>;
  readonly #failed = Promise.withResolvers<never>();
  readonly #onstate: (state: TypesState) => void;

  constructor(onstate: (state: TypesState) => void) {
    this.#onstate = onstate;
    this.#failed.promise.catch(() => onstate("failed"));
    this.#worker = new Worker(new URL("./types.worker.ts", import.meta.url), { type: "module" });
    const fail = () => this.#failed.reject(new Error("the worker ended"));
    this.#worker.addEventListener("error", fail);
    this.#worker.addEventListener("messageerror", fail);
    this.#service = wrap<TypeService>(this.#worker);
    void this.#start(fail);
  }

  async #start(fail: () => void): Promise<void> {
    this.#onstate("starting");
    const timer = setTimeout(fail, startMsMax);
    await this.#settled(this.#service.ready()).then(
      () => this.#onstate("ready"),
      () => undefined,
    );
    clearTimeout(timer);
  }

  setFiles(files: Readonly<Record<string, string>>): void {
    void this.#settled(this.#service.setFiles(files)).catch(() => undefined);
  }

  /**
   * Asks about a file. Undefined when there are no types.
   * @param text of the file as it stands; undefined: as it was when last asked
   */
  async ask<Name extends keyof Service>(
    what: Name,
    path: string,
    text: string | undefined,
    ...rest: Parameters<TypeService[Name]> extends [string, ...infer Rest] ? Rest : never
  ): Promise<Answer<Name> | undefined> {
    // Messages are read in order, so the text is there before the question.
    if (text !== undefined)
      void this.#settled(this.#service.update(path, text)).catch(() => undefined);
    const ask = this.#service[what] as unknown as (
      path: string,
      ...rest: unknown[]
    ) => Promise<Answer<Name>>;
    return this.#settled(ask(path, ...rest)).catch(() => undefined);
  }

  close(): void {
    this.#service[releaseProxy]();
    this.#worker.terminate();
    this.#failed.promise.catch(() => undefined);
  }

  #settled<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#failed.promise]);
  }
}
