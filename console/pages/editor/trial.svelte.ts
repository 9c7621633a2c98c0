import { GridError } from "../../../protocol/errors.ts";
import type { FunctionDetail } from "../../../protocol/http-functions.ts";
import type { Tried, TryRequest } from "../../../protocol/http-try.ts";
import type { Json } from "../../../protocol/job.ts";
import { api } from "../../lib/api/index.ts";
import { keepDraft, mergedDraft, readDraft } from "../function/kept-draft.ts";
import { typedOfParam } from "../function/param-text.ts";
import { draftOf, type RunDraft, type Runnable, requestOf } from "../function/run-request.ts";
import { sourceOf } from "./sources.ts";
import type { Workspace } from "./workspace.svelte.ts";

export interface TrialDraft extends RunDraft {
  /** The definition's own example, or what is given here. */
  on: "example" | "given";
}

/** What a function says of itself; known once it was published or tried. */
export type Described = Pick<FunctionDetail, "input" | "params" | "uses" | "exampleCall">;

const unknown: Runnable = {
  name: "",
  version: "",
  input: { type: "items" },
  params: { type: "object", properties: {}, additionalProperties: false },
  uses: {},
};

/** "Try": the function as it stands, on a sample, in the server's sandbox. */
export class Trial {
  readonly #workspace: Workspace;
  described: Described | undefined = $state.raw();
  draft: TrialDraft = $state({ ...draftOf(unknown), on: "example" });
  /** Faults of the form are shown once somebody tried. */
  isAsked = $state(false);
  tried: Tried | undefined = $state.raw();
  error: unknown = $state.raw();
  /** It was stopped by hand. */
  isStopped = $state(false);
  startedMs: number | undefined = $state();
  #under: AbortController | undefined = $state.raw();
  #of = $state("");
  readonly made = $derived.by(() => this.#request());
  readonly #signature = $derived.by(() => JSON.stringify(this.made.request));

  constructor(workspace: Workspace, described?: Described) {
    this.#workspace = workspace;
    if (described) this.#describe(described);
  }

  /** A parameter is not as the source has it. */
  get isAltered(): boolean {
    return Object.keys(this.made.request.params ?? {}).length > 0;
  }

  get busy(): boolean {
    return this.#under !== undefined;
  }

  /** Something was changed since what is shown. */
  get isStale(): boolean {
    return this.#of !== "" && this.#of !== this.#signature;
  }

  async run(): Promise<void> {
    this.stop();
    this.isAsked = true;
    if (Object.keys(this.made.faults).length > 0) return;
    const under = new AbortController();
    this.#under = under;
    this.#of = this.#signature;
    this.isStopped = false;
    this.startedMs = Date.now();
    try {
      const json = this.made.request;
      const { signal } = under;
      const ask = { method: "POST", pure: true, unhurried: true, json, signal } as const;
      const tried = await api.json<Tried>("/v1/functions/try", ask);
      if (this.#under !== under) return;
      this.tried = tried;
      this.error = undefined;
      this.#workspace.mark(undefined);
      this.#describe(tried.description);
    } catch (error) {
      if (this.#under !== under) return;
      this.#fail(error);
    } finally {
      if (this.#under === under) this.#under = undefined;
    }
  }

  /** Gives up what is under way; the server stops it too. */
  readonly stop = (): void => {
    if (this.#under === undefined) return;
    this.isStopped = true;
    this.#under.abort();
    this.#under = undefined;
  };

  /** All parameters as the source has them. */
  readonly reset = (): void => {
    if (this.described) this.draft.params = draftOf({ ...unknown, ...this.described }).params;
  };

  /** Keeps what was typed into the form, in this tab. */
  keep(): void {
    keepDraft(`editor:${this.#workspace.id}`, $state.snapshot(this.draft));
  }

  #fail(error: unknown): void {
    this.error = error;
    this.tried = undefined;
    if (error instanceof GridError) this.#workspace.mark(error.details.at, error.message);
  }

  #describe(described: Described): void {
    const fresh: TrialDraft = { ...draftOf({ ...unknown, ...described }), on: "example" };
    // The first time it may be what this tab kept; later what the form holds, as far as it fits what there is now.
    this.draft = this.described
      ? mergedDraft(fresh, this.#chosen(this.described))
      : readDraft(`editor:${this.#workspace.id}`, fresh);
    this.described = described;
  }

  /** What the form holds, without what stands at its default: that follows the source. */
  #chosen({ params: { properties } }: Described): TrialDraft {
    const draft = $state.snapshot(this.draft);
    const params = Object.entries(draft.params).filter(([name, typed]) => {
      const schema = properties[name];
      return schema && typed !== typedOfParam(schema, schema.default as Json | undefined);
    });
    return { ...draft, params: Object.fromEntries(params) };
  }

  #request(): { request: TryRequest; faults: Record<string, string> } {
    const { entry, files } = this.#workspace;
    const sources = { name: entry.replace(/\.ts$/, ""), ...sourceOf(entry, files) };
    if (this.described === undefined) return { request: sources, faults: {} };
    const { request, faults } = requestOf({ ...unknown, ...this.described }, this.draft);
    const { params, seed, uses, dataset, input } = request;
    const given = dataset === undefined ? input : { dataset };
    const isExample = this.draft.on === "example";
    const kept = Object.entries(faults).filter(
      ([field]) => !(isExample && (field === "input" || field.startsWith("use:"))),
    );
    return {
      request: {
        ...sources,
        ...(params === undefined ? {} : { params }),
        ...(seed === undefined ? {} : { seed }),
        ...(isExample || given === undefined ? {} : { input: given }),
        ...(isExample || uses === undefined ? {} : { uses }),
      },
      faults: Object.fromEntries(kept),
    };
  }
}
