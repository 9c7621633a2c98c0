import { GridError } from "../../protocol/errors.ts";
import { jobSchema, submitRequestSchema } from "../../protocol/http-jobs.ts";
import {
  estimateSchema,
  topUpRequestSchema,
  versionRateSchema,
} from "../../protocol/http-payments.ts";
import { creditsOf, microOf } from "../../protocol/money.ts";
import type { Deps } from "../deps.ts";
import { readJson } from "../http/body.ts";
import { idFor, lookerOf, principalOf } from "../http/context.ts";
import { json, type Route } from "../http/route.ts";
import { viewerOf } from "../http/viewer.ts";
import type { PublishedRate } from "../payments/rates/rates.ts";
import { percentOf } from "../payments/view.ts";

const historyMax = 100;

/** What jobs cost: before they run, and when a budget was too small. */
export function paymentRoutes(deps: Deps): Route[] {
  const { catalog, gate, jobReader, submit, clock } = deps;
  const { estimates, holds, settlement, rates, feeBasisPoints } = deps.payments;

  /** Lets go of what was stored for an id that is no job's. */
  function forget(id: string): void {
    catalog.transaction(() => {
      for (const dataset of catalog.datasets.ofJob(id)) {
        catalog.datasets.remove(dataset);
        catalog.blobRefs.release(dataset);
      }
    });
  }

  return [
    {
      operation: {
        method: "post",
        path: "/v1/jobs/estimate",
        id: "estimateJob",
        tag: "Jobs",
        summary: "What a job would take and cost",
        description:
          "Takes what a submit takes. Runs a sample of the input, a few seconds at most, on the machines that the job would run on; the sample is paid like a call.",
        auth: "member",
        scope: "jobs",
        body: { schema: submitRequestSchema },
        responses: { 200: { description: "The estimate", schema: estimateSchema } },
      },
      async handle(c) {
        const request = await readJson(c, submitRequestSchema);
        const id = idFor(c, "estimate", clock());
        try {
          // The sample's blobs are nobody's, and must stay until it is done.
          return await gate.storing(async () =>
            json(await estimates.estimate(await submit.prepare(id, principalOf(c), request))),
          );
        } finally {
          forget(id);
        }
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/jobs/:id/top-up",
        id: "topUpJob",
        tag: "Jobs",
        summary: "Put more credits into a job's hold",
        description:
          "What the job owes is paid first. A job that was paused for its money goes on.",
        auth: "member",
        scope: "jobs",
        idempotent: "body",
        body: { schema: topUpRequestSchema },
        responses: { 200: { description: "The job", schema: jobSchema } },
      },
      async handle(c) {
        const id = c.req.param("id")!;
        const { credits } = await readJson(c, topUpRequestSchema);
        const viewer = viewerOf(c);
        jobReader.row(viewer, id);
        holds.topUp(id, idFor(c, "token", clock()), microOf(credits));
        await settlement.settle(id);
        return json(await jobReader.readFor(viewer, id));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/rates/:version",
        id: "getRate",
        tag: "Functions",
        summary: "What 10^9 fuel of a version cost, and what they did before",
        auth: "anyone",
        scope: "functions",
        responses: { 200: { description: "The rate", schema: versionRateSchema } },
      },
      async handle(c) {
        const version = c.req.param("version")!;
        if (!catalog.functions.isVisible(lookerOf(c).account, version))
          throw new GridError("not-found", `There is no version ${version}.`, {
            hint: "Versions are named by their whole digest here.",
          });
        return json({
          version,
          ...rateOf(rates.rateOf(version)),
          feePercent: percentOf(feeBasisPoints),
          history: rates.history(version, historyMax).map(rateOf),
        });
      },
    },
  ];
}

function rateOf({ rateMicro, basis, owners, validFromMs }: PublishedRate) {
  const validFrom =
    validFromMs === undefined ? {} : { validFrom: new Date(validFromMs).toISOString() };
  return { rate: creditsOf(rateMicro), basis, owners, ...validFrom };
}
