import type { FunctionDetail } from "../../../protocol/http-functions.ts";
import type { SubmitRequest, UseBinding } from "../../../protocol/http-jobs.ts";
import type { Json } from "../../../protocol/job.ts";
import { InputFault, inputOf } from "./input-text.ts";
import { paramOf, type TypedParam, typedOfParam } from "./param-text.ts";

/** A constant as the form holds it: what it is bound to, and the id or the JSON that was given. */
export interface TypedUse {
  to: "job" | "dataset" | "value";
  text: string;
}

/** What the form holds, as it was typed. */
export interface RunDraft {
  source: "dataset" | "inline";
  dataset: string;
  inline: string;
  params: Record<string, TypedParam>;
  uses: Record<string, TypedUse>;
  /** Empty: the server decides. */
  pool: string;
  /** Empty: what an estimate says. */
  budget: string;
  seed: string;
}

export type Runnable = Pick<FunctionDetail, "name" | "version" | "input" | "params" | "uses">;

/** The form as a request, with what is wrong by field: "input", "budget", "seed", "param:NAME", "use:NAME". */
export interface DraftRequest {
  request: SubmitRequest;
  faults: Record<string, string>;
}

export function draftOf(fn: Runnable): RunDraft {
  const params = Object.entries(fn.params.properties).map(
    ([name, schema]) => [name, typedOfParam(schema, schema.default as Json | undefined)] as const,
  );
  const uses = Object.keys(fn.uses).map((name) => [name, { to: "job", text: "" }] as const);
  return {
    source: fn.input.type === "dataset" ? "dataset" : "inline",
    dataset: "",
    inline: "",
    params: Object.fromEntries(params),
    uses: Object.fromEntries(uses),
    pool: "",
    budget: "",
    seed: "",
  };
}

/**
 * Params that are as their defaults are left out, so that what is copied says only what was chosen.
 * @param version named when it is not the latest one
 */
export function requestOf(fn: Runnable, draft: RunDraft, version?: string): DraftRequest {
  const faults: Record<string, string> = {};
  const request: SubmitRequest = {
    function: fn.name,
    ...(version === undefined ? {} : { version }),
    ...inputFieldOf(fn, draft, faults),
  };
  const params = paramsOf(fn, draft, faults);
  if (Object.keys(params).length > 0) request.params = params;
  const uses = usesOf(fn, draft, faults);
  if (Object.keys(uses).length > 0) request.uses = uses;
  if (draft.pool !== "") request.pool = draft.pool;
  if (draft.budget.trim() !== "") {
    const budget = Number(draft.budget);
    if (budget > 0 && Number.isFinite(budget)) request.budget = budget;
    else faults.budget = "Credits, more than 0.";
  }
  if (draft.seed.trim() !== "") {
    const seed = Number(draft.seed);
    if (Number.isSafeInteger(seed) && seed >= 0) request.seed = seed;
    else faults.seed = "A whole number of 0 or more.";
  }
  return { request, faults };
}

function inputFieldOf(
  { input }: Runnable,
  draft: RunDraft,
  faults: Record<string, string>,
): Pick<SubmitRequest, "dataset" | "input"> {
  if (draft.source === "dataset" && input.type !== "range") {
    if (draft.dataset === "") faults.input = "Choose a dataset.";
    return draft.dataset === "" ? {} : { dataset: draft.dataset };
  }
  try {
    return { input: inputOf(input, draft.inline) };
  } catch (error) {
    if (!(error instanceof InputFault)) throw error;
    faults.input = error.message;
    return {};
  }
}

function paramsOf(fn: Runnable, draft: RunDraft, faults: Record<string, string>) {
  const params: Record<string, Json> = {};
  for (const [name, schema] of Object.entries(fn.params.properties)) {
    const typed = draft.params[name] ?? "";
    if (schema.default !== undefined && typed === typedOfParam(schema, schema.default as Json))
      continue;
    const read = paramOf(schema, typed);
    if ("fault" in read) faults[`param:${name}`] = read.fault;
    else params[name] = read.value;
  }
  return params;
}

function usesOf(fn: Runnable, draft: RunDraft, faults: Record<string, string>) {
  const uses: Record<string, UseBinding> = {};
  for (const name of Object.keys(fn.uses)) {
    const { to, text } = draft.uses[name] ?? { to: "job", text: "" };
    const given = text.trim();
    if (given === "")
      faults[`use:${name}`] = to === "value" ? "Give its value as JSON." : `Choose a ${to}.`;
    else if (to !== "value") uses[name] = `${to}:${given}`;
    else {
      try {
        uses[name] = { value: JSON.parse(given) as Json };
      } catch {
        faults[`use:${name}`] = "This is not valid JSON.";
      }
    }
  }
  return uses;
}
