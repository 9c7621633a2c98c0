import { GridError } from "../../protocol/errors.ts";
import type { Description } from "../../protocol/guest.ts";
import { type Tried, triedSchema, tryRequestSchema } from "../../protocol/http-try.ts";
import { triedFuelMax } from "../../protocol/limits.ts";
import type { Deps } from "../deps.ts";
import { trialOutput } from "../functions/trial-output.ts";
import { readJson } from "../http/body.ts";
import { principalOf } from "../http/context.ts";
import { watchGone } from "../http/gone.ts";
import { json, type Route } from "../http/route.ts";
import { seedDefault } from "../http/submit.ts";
import { shownInput, type TrialInput, TrialInputs } from "../http/trial-input.ts";
import { bidHundredthsDefault } from "../payments/orders.ts";
import { trialPrice } from "../payments/trial-price.ts";

/** An author who edits and tries again and again; not a program that computes here what it should pay for. */
const burst = 20;
const perSecond = 0.5;

/** Runs once, on a sample and on the server itself, what is not published. Nothing is stored, nothing paid. */
export function tryRoutes(deps: Deps): Route[] {
  const { trials, bindings, catalog, store, buckets, payments } = deps;
  const inputs = new TrialInputs({ bindings, catalog, blobs: store.blobs });

  function requireTokens(account: string): void {
    const waitMs = buckets.take(`try ${account}`, burst, perSecond);
    if (waitMs === 0) return;
    throw new GridError("too-many-requests", "This is more than may be tried in so short a time.", {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }

  return [
    {
      operation: {
        method: "post",
        path: "/v1/functions/try",
        id: "tryFunction",
        tag: "Functions",
        summary: "Run a function that is not published, once, on a sample",
        description:
          "Compiles what publishing would, and runs it in the server's sandbox: on an inline input, on the first records of a dataset, else on the definition's own example, else on an input that is made up. It has little fuel and a few seconds. Nothing is stored and no credits move; whether the function is pure is checked when it is published. A failure's details.logs has what it wrote to the console.",
        auth: "member",
        scope: "functions",
        // Held back by a rate of its own; a repeat runs again.
        unlimited: true,
        body: { schema: tryRequestSchema },
        responses: { 200: { description: "The output, and how it went", schema: triedSchema } },
      },
      async handle(c) {
        const principal = principalOf(c);
        const request = await readJson(c, tryRequestSchema);
        requireTokens(principal.account);
        const { name = "function", source, files = {}, seed, fuelMax } = request;
        const gone = watchGone(c);
        let chosen: TrialInput | undefined;
        try {
          const { built, description, trace, reply } = await trials.run({
            account: principal.account,
            source: { name: name.slice(name.indexOf("/") + 1), source, files },
            async prepare(found) {
              chosen = await inputs.resolve(principal, found, request);
              return chosen.work;
            },
            seed: seed ?? seedDefault,
            fuelMax: fuelMax ?? triedFuelMax,
            signal: gone.signal,
          });
          const { header, body, ms } = reply;
          const { fuel } = header;
          const { records, metrics, rounds, fuel: fuelByEntry } = trace;
          const terms = {
            rateMicro: payments.rates.rateOf(built.digest).rateMicro,
            bidHundredths: bidHundredthsDefault,
            royaltyBasisPoints: 0,
            feeBasisPoints: payments.feeBasisPoints,
          };
          const tried: Tried = {
            version: built.digest,
            bundleBytes: Buffer.byteLength(built.bundle),
            description: shownDescription(description),
            input: shownInput(chosen!.input),
            sampleRecords: records,
            output: trialOutput(body, description.output, header.contentType),
            logs: header.logs ?? [],
            ...(description.kind === "iterate" ? { rounds: metrics, roundCount: rounds } : {}),
            fuel,
            fuelByEntry,
            durationMs: ms,
            price: trialPrice({ fuel, records }, chosen!.dataset?.records, terms),
          };
          return json(tried);
        } catch (error) {
          throw chosen?.input.from === "synthesized" ? withMadeUpInput(error) : error;
        } finally {
          gone.end();
        }
      },
    },
  ];
}

function shownDescription(description: Description): Tried["description"] {
  const { combine, roundsMax, example, exampleCall, params, ...rest } = description;
  const { kind, title, input, uses, output } = rest;
  return {
    ...{ kind, title, input, uses, output, combine, example },
    ...(rest.description === undefined ? {} : { description: rest.description }),
    params: { type: "object", properties: params, additionalProperties: false },
    ...(roundsMax === undefined ? {} : { roundsMax }),
    ...(exampleCall === undefined ? {} : { exampleCall }),
  };
}

/** It may well be the input's fault. */
function withMadeUpInput(error: unknown): unknown {
  if (!(error instanceof GridError) || error.fault !== "function") return error;
  const hint = "This input was made up from its type; give one, or an example in the definition.";
  const { hint: own } = error.details;
  const hints = own === undefined ? hint : `${own} · ${hint}`;
  return new GridError(error.code, error.message, { ...error.details, hint: hints });
}
