import { digestOf } from "../../../protocol/digest.ts";
import { payoutRequestSchema } from "../../../protocol/http-payouts.ts";
import { termsOf } from "../../campaigns/testing/campaigns-rig.ts";
import { settleJob } from "../../payments/settle-job.ts";
import type { Completion, Earning } from "../../store/port.ts";
import { jobSpecOf } from "../job-spec.ts";
import type { MoneyModel } from "./model.ts";
import type { ModelTerms } from "./model-prices.ts";
import type { MoneyWorld } from "./world.ts";

/**
 * One thing that is asked of the world, and of its model after it. The same request may be made again at any time, by who
 * did not hear the answer.
 */
export interface Request {
  says: string;
  /** The job whose counts it reads, which the store must keep from then on. */
  counts?: string;
  /** It is not asked again: a second time would be another request. */
  once?: boolean;
  real: (world: MoneyWorld) => unknown;
  model: (model: MoneyModel) => void;
}

const tasks = 1_000;
const watchSeconds = 5;

export interface NewJob extends ModelTerms {
  id: string;
  owner: string;
  author: string;
  budgetMicro: number;
}

/** As the API submits: the hold is written, then the store is told. */
export function submit({ id, budgetMicro, ...job }: NewJob): Request {
  return {
    says: `submit ${id} of ${job.owner} with ${budgetMicro}`,
    async real({ life, store, lost, nowMs }) {
      const { rows, holds, fuse } = life;
      const before = rows.find(id);
      const known = await store.jobs.read(id);
      lost.add(id);
      if (!before || (before.closedAtMs !== null && !known))
        holds.open({ job: id, ...job, function: "f", budgetMicro, createdAtMs: nowMs });
      fuse.burn();
      const spec = jobSpecOf({ id, kind: "map", owner: job.owner });
      await store.jobs.create(spec, { number: 0, round: 0, entry: "map", tasks });
      lost.delete(id);
    },
    model: (model) => model.submit(id, job, budgetMicro),
  };
}

/** A runner's answer; sent again, it is late. */
export function answer(job: string, earner: string, fuel: number): Request {
  let sent: Completion | undefined;
  let accepted = false;
  return {
    says: `${earner} answers ${fuel} of ${job}`,
    async real({ store: { jobs }, nowMs }) {
      if (!sent) {
        const request = { holder: "s", leases: 1, tasksMax: 1, leaseMs: 60_000, nowMs };
        const [lease] = await jobs.lease(job, request);
        if (!lease) return;
        const inline = Buffer.from("1");
        const about = { level: 0, index: lease.lo, hash: digestOf(inline), bytes: 1 };
        const output = { ...about, hostClass: "v8", inline, fuel };
        sent = { token: lease.token, lo: lease.lo, hi: lease.hi, outputs: [output], earner };
      }
      accepted = (await jobs.complete(job, [sent])).results[0] === "accepted";
    },
    model: (model) => {
      if (accepted) model.accept(job, earner, fuel);
    },
  };
}

export function topUp(job: string, key: string, micro: number): Request {
  return {
    says: `top up ${job} by ${micro}, ${key}`,
    real: ({ life }) => life.holds.topUp(job, key, micro),
    model: (model) => model.topUp(job, key, micro),
  };
}

export function settle(job: string): Request {
  return {
    says: `settle ${job}`,
    counts: job,
    real: ({ life }) => life.settlement.settle(job),
    model: (model) => model.settle(job),
  };
}

/** A slow process that goes by what it had read of the store some time ago. */
export function settleLate(job: string, earned: readonly Earning[]): Request {
  const fuels = Object.fromEntries(earned.map(({ earner, fuel }) => [earner, fuel]));
  return {
    says: `settle ${job} late by ${JSON.stringify(fuels)}`,
    real: ({ life }) =>
      life.transaction(() => settleJob({ ...life, onClosed: () => {} }, job, earned, false)),
    model: (model) => model.settleBy(job, fuels, false),
  };
}

export function end(job: string, status: "succeeded" | "failed" | "cancelled"): Request {
  return {
    says: `${job} has ${status}`,
    counts: job,
    async real({ life, store, nowMs }) {
      await store.jobs.setStatus(job, status, { nowMs });
      await life.settlement.settle(job);
    },
    model: (model) => model.end(job),
  };
}

export function grant(id: string, account: string, micro: number): Request {
  return {
    says: `grant ${micro} to ${account}`,
    real: ({ life: { ledger } }) =>
      ledger.apply([{ id, kind: "grant", debit: "mint", credit: account, micro }]),
    model: (model) => model.grant(id, account, micro),
  };
}

export function signUp(account: string, micro: number): Request {
  return {
    says: `${account} signs up`,
    real: ({ life }) => life.grants.onSignUp(account),
    model: (model) => model.grant(`sign-up ${account}`, `wallet:${account}`, micro),
  };
}

export function createCampaign(
  id: string,
  sponsor: string,
  viewMicro: number,
  budgetMicro: number,
): Request {
  const caps = { perViewer: 1_000, perViewerDay: 1_000 };
  const terms = termsOf({ creditsPerView: viewMicro / 1e6, watchSeconds, caps });
  let atMs = 0;
  return {
    says: `${sponsor} makes ${id}: ${viewMicro} a view of ${budgetMicro}`,
    real({ life, nowMs }) {
      atMs = nowMs;
      life.campaigns.campaigns.create(id, sponsor, terms, budgetMicro);
    },
    model: (model) =>
      model.createCampaign(id, { sponsor, viewMicro, startsAtMs: atMs }, budgetMicro),
  };
}

export function fund(id: string, sponsor: string, funding: string, micro: number): Request {
  return {
    says: `fund ${id} with ${micro}, ${funding}`,
    real: ({ life }) => life.campaigns.campaigns.fund(id, sponsor, funding, micro),
    model: (model) => model.fund(id, funding, micro),
  };
}

export function steer(id: string, sponsor: string, verb: "start" | "pause"): Request {
  return {
    says: `${verb} ${id}`,
    real: ({ life }) => life.campaigns.campaigns[verb](id, sponsor),
    model: (model) => model[verb](id),
  };
}

export function endCampaign(id: string): Request {
  return {
    says: `end ${id}`,
    real: ({ life }) => life.campaigns.campaigns.end(id, "sponsor"),
    model: (model) => model.endCampaign(id),
  };
}

/** Who watches keeps the token. */
export interface Watching {
  id: string;
  campaign: string;
  viewer: string;
  token: string;
  sequence: number;
}

export function openView(watching: Watching): Request {
  const { id, campaign, viewer } = watching;
  let atMs = 0;
  return {
    says: `${viewer} opens ${id} of ${campaign}`,
    once: true,
    real({ life, nowMs }) {
      atMs = nowMs;
      watching.token = life.campaigns.views.open(id, campaign, viewer).token;
    },
    model: (model) => model.openView(id, campaign, viewer, watchSeconds * 1_000, atMs),
  };
}

/** A second between heartbeats. */
export function watch(watching: Watching, beats: number): Request {
  const { id, viewer } = watching;
  const times: number[] = [];
  return {
    says: `watch ${id} for ${beats} beats`,
    once: true,
    real(world) {
      for (let beat = 0; beat < beats; beat++) {
        world.nowMs += 1_000;
        times.push(world.nowMs);
        const sequence = watching.sequence++;
        world.life.campaigns.views.heartbeat(watching.token, viewer, { sequence, visible: true });
      }
    },
    model: (model) => {
      for (const atMs of times) model.beat(id, atMs);
    },
  };
}

export function finish(watching: Watching, by: string): Request {
  let atMs = 0;
  return {
    says: `${by} finishes ${watching.id}`,
    real({ life, nowMs }) {
      atMs = nowMs;
      life.campaigns.views.finish(watching.token, by);
    },
    model: (model) => model.finish(watching.id, by, atMs),
  };
}

export function sweep(): Request {
  let atMs = 0;
  return {
    says: "sweep",
    real({ life, nowMs }) {
      atMs = nowMs;
      life.campaigns.sweep();
      life.ledger.expire(nowMs);
    },
    model: (model) => model.sweep(atMs),
  };
}

export function requestPayout(id: string, account: string, micro: number): Request {
  const request = { credits: micro / 1e6, currency: "EUR", destination: "here" };
  const asked = payoutRequestSchema.parse(request);
  return {
    says: `${account} asks ${micro} out as ${id}`,
    real: ({ life }) => life.payouts.payouts.request(id, account, asked),
    model: (model) => model.requestPayout(id, account, micro),
  };
}

export function pay(id: string, reference: string | undefined): Request {
  return {
    says: `pay ${id} by ${reference}`,
    real: ({ life }) => life.payouts.payouts.pay(id, "acc_operator", reference),
    model: (model) => model.pay(id, reference),
  };
}

export function reject(id: string, reason: string): Request {
  return {
    says: `reject ${id}`,
    real: ({ life }) => life.payouts.payouts.reject(id, "acc_operator", reason),
    model: (model) => model.reject(id, reason),
  };
}

export function withdraw(id: string, account: string): Request {
  return {
    says: `withdraw ${id}`,
    real: ({ life }) => life.payouts.payouts.withdraw(id, account),
    model: (model) => model.withdraw(id),
  };
}
