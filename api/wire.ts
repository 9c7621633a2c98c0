import type { Logger } from "pino";
import packageJson from "../package.json" with { type: "json" };
import { createExecutorPool } from "../sandbox/index.ts";
import { wireAccounts } from "./accounts/wire.ts";
import { createCampaignsArea } from "./campaigns/index.ts";
import { createCatalog } from "./catalog/catalog.ts";
import type { DatasetRow } from "./catalog/datasets.ts";
import type { Config } from "./config.ts";
import { ConsoleBuild } from "./console/build.ts";
import { consoleFolder, serveConsole } from "./console/files.ts";
import { openDatabase } from "./database/open.ts";
import { createDatasetIngest, inlineDataset, UploadSessions } from "./datasets/index.ts";
import type { Deps, SocketGateway } from "./deps.ts";
import { createBuilder, createCompiler, Trials, togetherMax } from "./functions/index.ts";
import { RunnerGateway } from "./gateway/gateway.ts";
import { Bindings } from "./http/bindings.ts";
import { BlobGate } from "./http/blob-gate.ts";
import { BlobSweep } from "./http/blob-sweep.ts";
import { FunctionNames } from "./http/function-names.ts";
import { FunctionViews } from "./http/function-view.ts";
import { Housekeeping } from "./http/housekeeping.ts";
import { Inputs } from "./http/inputs.ts";
import { JobReader } from "./http/job-reader.ts";
import { LatestValues } from "./http/latest-values.ts";
import { createMetrics } from "./http/metrics.ts";
import { Orphans } from "./http/orphans.ts";
import { PublicAddress } from "./http/public-address.ts";
import { RecentCalls } from "./http/recent-calls.ts";
import { LoopDelay } from "./http/server-status.ts";
import { SoleUser } from "./http/sole-user.ts";
import { Submit } from "./http/submit.ts";
import { Versions } from "./http/versions.ts";
import { JobViews } from "./jobs/job-view.ts";
import { JobService } from "./jobs/jobs.ts";
import { Sweeper } from "./jobs/sweeper.ts";
import { wireLedger } from "./ledger/wire.ts";
import { MachineRecords } from "./machines/records.ts";
import { createMemory } from "./memo/index.ts";
import { createPayments } from "./payments/index.ts";
import { moneyOf } from "./payments/view.ts";
import { createPayoutsArea } from "./payouts/index.ts";
import { createPools } from "./pools/index.ts";
import { waitingForRunner } from "./pools/waiting.ts";
import { Quotas } from "./quotas/quotas.ts";
import { RunnerPackage } from "./runners/package/runner-package.ts";
import { openStore } from "./store/open-store.ts";

const sweepEveryMs = 1_000;

export interface Wired {
  deps: Deps;
  gateway: SocketGateway;
  housekeeping: Housekeeping;
  /** Aborts deps.stopping. */
  stop(): void;
  /** Ends everything, in reverse order of the start. */
  close(): Promise<void>;
}

/** Makes every part of the API and joins them. What was opened is closed again when a later part fails. */
export async function wire(config: Config, key: string, log: Logger): Promise<Wired> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer();
      } catch (error) {
        log.error({ err: error }, "closing failed");
      }
    }
  };
  try {
    const clock = Date.now;
    // Leases and rounds are timed finer than a millisecond; all that compares their times uses this one clock.
    const fineClock = () => performance.timeOrigin + performance.now();
    const stopping = new AbortController();
    const { dataDir, redisUrl } = config;
    const store = await openStore({ dataDir, redisUrl, clock, log });
    closers.push(() => store.close());
    const database = openDatabase(dataDir);
    closers.push(() => database.close());
    const catalog = createCatalog(database);
    const { close: closeLedger, ...ledger } = wireLedger({ config, database, clock, log });
    closers.push(closeLedger);
    const quotas = new Quotas({
      database,
      defaults: config.quotas,
      runnersOf: (account) => gateway.runnersOf(account),
    });
    const { close: closeAccounts, ...accounts } = await wireAccounts({
      config,
      database,
      quotas,
      fileKey: key,
      clock,
      log,
      onSignUp: (account) => void ledger.grants.onSignUp(account),
      onCutOff: (owner) => gateway.closeOwnedBy(owner),
    });
    closers.push(closeAccounts);
    const names = new FunctionNames(accounts.accounts);
    const functionViews = new FunctionViews(catalog, names);
    // Publishing is rare: its sandbox starts when it is first asked for.
    const executors = createExecutorPool({ slots: 1, prestart: false });
    closers.push(() => executors.close());
    const build = createBuilder();
    const compiler = createCompiler({ executors, build });
    closers.push(() => compiler.close());
    // Apart from it, so that nobody's publishing waits for tries.
    const trialExecutors = createExecutorPool({ slots: togetherMax, prestart: false });
    closers.push(() => trialExecutors.close());
    const trials = new Trials({ build, executors: trialExecutors });
    closers.push(() => trials.close());
    const { blobGraceMs } = config;
    const gate = new BlobGate(blobGraceMs, clock);
    const ingest = createDatasetIngest({ blobs: store.blobs });
    const uploads = new UploadSessions<DatasetRow>({ clock });
    closers.push(() => uploads.close());
    const pools = createPools({
      database,
      handles: accounts.accounts,
      jobOn: (pool) => catalog.jobs.onPool(pool),
      lends: (account) => gateway.lends(account),
      includedRunners: config.runners,
      clock,
    });
    const views = new JobViews(store, fineClock);
    const memory = createMemory({
      store,
      views,
      mayServe: pools.memberships.mayServe,
      use: (digest) => gate.use(digest),
      bytesPerOwnerMax: config.rememberedBytesPerAccountMax,
      bytesMax: config.rememberedBytesMax,
      keptMs: config.rememberedMs,
      clock,
      log,
    });
    const gateway = await RunnerGateway.open({
      store,
      views,
      memory: config.rememberedBytesMax > 0 ? memory : undefined,
      clock: fineClock,
      log,
      leaseMs: config.leaseMs,
      mayServe: pools.memberships.mayServe,
      onLends: (account) => pools.lenders.note(account),
      onLeft: (runner) => machines.left(runner),
      refuses: (account, others) =>
        others < quotas.max(account, "runners") ? undefined : quotas.exceeded(account, "runners"),
      poolNamed: (account, name) => pools.choice.named(account, name),
      explain: async (bundle, error) =>
        compiler.explain(error, catalog.functions.sourceMap(bundle)),
      // The catalog learns of the end, and of pauses, at once, so that a list need not ask the store.
      onEnded: (job) => {
        payments.settlement.ended(job);
        note(job);
      },
      onStatus: (job) => note(job),
      onAccepted: (job) => payments.settlement.note(job),
      onCall: (call) => payments.onCall(call),
      onMeasured: (measured) => payments.onMeasured(measured),
    });
    closers.push(() => gateway.close());
    const machines = new MachineRecords({
      database: database.drizzle,
      unflushed: database.unflushed,
      connected: () => gateway.runners(),
      clock,
      log,
    });
    closers.push(() => machines.close());
    const note = (job: string) =>
      void jobReader.read(job).catch((error: unknown) => log.debug({ err: error, job }, "noted"));
    closers.push(pools.memberships.watch(() => gateway.reconsider()));
    const jobs = new JobService({
      store,
      views,
      gateway,
      waitingFor: (spec, runners) => waitingForRunner(pools.memberships, spec, runners),
      clock: fineClock,
    });
    const payments = createPayments({
      dataDir,
      database,
      ledger: ledger.ledger,
      store,
      jobs,
      manifest: (digest) => views.manifest(digest),
      waitingFor: (spec) => waitingForRunner(pools.memberships, spec, gateway.runners()),
      foresee: (spec) => memory.foresee(spec),
      underWay: (job) => gateway.tasksUnderWay(job),
      // Also one that a submit which broke off has taken out again.
      isLost: (job) => catalog.jobs.find(job)?.ended ?? true,
      onClosed: (job, costMicro) => catalog.jobs.charged(job, costMicro),
      feePercent: config.platformFeePercent,
      budgetMicroDefault: config.jobBudgetMicroDefault,
      clock,
      log,
    });
    closers.push(() => payments.close());
    const metrics = createMetrics({
      runners: () => gateway.runners(),
      activeJobs: () => catalog.jobs.countActive(),
    });
    closers.push(() => metrics.close());
    const loopDelay = new LoopDelay();
    closers.push(() => loopDelay.close());
    const jobReader = new JobReader({
      catalog,
      names,
      jobs,
      poolName: (pool) => pools.choice.nameOf(pool),
      money: (job) => {
        const row = payments.rows.find(job);
        return row && moneyOf(row);
      },
      workersOn: (job) => gateway.workersOn(job),
      metrics,
      clock,
    });
    const sweeper = new Sweeper({
      store,
      gateway,
      clock: fineClock,
      everyMs: sweepEveryMs,
      onError: (error) => log.warn({ err: error }, "sweep failed"),
    });
    closers.push(() => sweeper.close());
    const campaigns = createCampaignsArea({
      database,
      ledger: ledger.ledger,
      blobs: store.blobs,
      blobRefs: catalog.blobRefs,
      gate,
      viewsPerDayMax: config.viewsPerDayMax,
      clock,
    });
    const payouts = createPayoutsArea(database, ledger.ledger, clock);
    const consoleBuild = new ConsoleBuild();
    closers.push(() => consoleBuild.stop());
    const versions = new Versions(catalog.functions, names);
    const latest = new LatestValues({
      store,
      jobs,
      gateway: () => gateway,
      catalog,
      payments: () => payments,
      clock,
    });
    const bindings = new Bindings({ latest, blobs: store.blobs, catalog, jobs, gate });
    const inputs = new Inputs({ catalog, blobs: store.blobs, ingest, inlineDataset, gate, clock });
    const submit = new Submit({
      catalog,
      jobs,
      versions,
      bindings,
      inputs,
      poolChoice: pools.choice,
      quotas,
      orders: payments.orders,
      holds: payments.holds,
      metrics,
      clock,
    });
    const soleUser = new SoleUser({ catalog, store, clock, log });
    const housekeeping = new Housekeeping({
      catalog,
      store,
      bindings,
      blobSweep: new BlobSweep({
        ...{ catalog, store, gate, soleUser, clock, log },
        graceMs: blobGraceMs,
      }),
      orphans: new Orphans({ catalog, store, jobs, soleUser, startedAtMs: clock(), log }),
      jobReader,
      campaigns,
      noteLenders: () => {
        for (const { owner } of gateway.runners()) pools.lenders.note(owner);
      },
      payments,
      memory,
      machines,
      clock,
      log,
      blobGraceMs,
      jobRetentionMs: config.jobRetentionHours * 3_600_000,
    });
    closers.push(() => housekeeping.close());
    const deps: Deps = {
      config,
      version: packageJson.version,
      address: new PublicAddress(config.publicUrl, config.proxies),
      runnerPackage: new RunnerPackage(log, stopping.signal),
      ...accounts,
      store,
      database,
      catalog,
      names,
      views: functionViews,
      ...ledger,
      compiler,
      trials,
      ingest,
      uploads,
      jobs,
      gateway,
      machines,
      versions,
      bindings,
      gate,
      pools,
      quotas,
      campaigns,
      payouts,
      payments,
      submit,
      latest,
      jobReader,
      calls: new RecentCalls(),
      console: { serve: serveConsole(consoleFolder, consoleBuild.answer), build: consoleBuild },
      metrics,
      loopDelay,
      clock,
      log,
      stopping: stopping.signal,
    };
    return { deps, gateway, housekeeping, stop: () => stopping.abort(), close };
  } catch (error) {
    await close();
    throw error;
  }
}
