import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { RunnerInfo } from "../ports.ts";

export interface Metrics {
  /** How to note the requests of one operation: bound once, since this runs on the hot path. */
  request(operation: string): (status: number, ms: number) => void;
  jobSubmitted(kind: string): void;
  jobEnded(status: string): void;
  uploaded(bytes: number): void;
  /** Prometheus' text format. */
  text(): Promise<string>;
  contentType: string;
  close(): void;
}

export interface MetricsOptions {
  runners: () => RunnerInfo[];
  activeJobs: () => number;
}

const bucketsSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 30];

export function createMetrics({ runners, activeJobs }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: "sparegrid_" });
  const requests = new Counter({
    name: "sparegrid_http_requests_total",
    help: "HTTP requests answered",
    labelNames: ["operation", "status"] as const,
    registers,
  });
  const seconds = new Histogram({
    name: "sparegrid_http_request_seconds",
    help: "Time from a request's headers to the head of its answer",
    labelNames: ["operation"] as const,
    buckets: bucketsSeconds,
    registers,
  });
  const submitted = new Counter({
    name: "sparegrid_jobs_submitted_total",
    help: "Jobs submitted",
    labelNames: ["kind"] as const,
    registers,
  });
  const ended = new Counter({
    name: "sparegrid_jobs_ended_total",
    help: "Jobs seen ended",
    labelNames: ["status"] as const,
    registers,
  });
  const uploadedBytes = new Counter({
    name: "sparegrid_dataset_bytes_total",
    help: "Bytes of datasets stored",
    registers,
  });
  new Gauge({
    name: "sparegrid_jobs_active",
    help: "Jobs that have not ended",
    registers,
    collect() {
      this.set(activeJobs());
    },
  });
  const gauge = (name: string, help: string, read: (all: RunnerInfo[]) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(runners()));
      },
    });
  const sum = (all: RunnerInfo[], of: (one: RunnerInfo) => number) =>
    all.reduce((total, one) => total + of(one), 0);
  gauge("sparegrid_runners", "Runners connected", (all) => all.length);
  gauge("sparegrid_runner_slots", "Slots of connected runners", (all) => sum(all, (r) => r.slots));
  gauge("sparegrid_runner_slots_busy", "Slots at work", (all) => sum(all, (r) => r.busy));
  gauge("sparegrid_runner_tasks_done", "Tasks done by the runners connected now", (all) =>
    sum(all, (r) => r.tasksDone),
  );
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  new Gauge({
    name: "sparegrid_event_loop_delay_p99_seconds",
    help: "Event loop delay since the last scrape",
    registers,
    collect() {
      this.set(delay.percentile(99) / 1e9);
      delay.reset();
    },
  });

  return {
    contentType: registry.contentType,
    request(operation) {
      const observed = seconds.labels(operation);
      const byStatus = new Map<number, Counter.Internal>();
      return (status, ms) => {
        let counter = byStatus.get(status);
        if (!counter) {
          counter = requests.labels(operation, String(status));
          byStatus.set(status, counter);
        }
        counter.inc();
        observed.observe(ms / 1000);
      };
    },
    jobSubmitted: (kind) => submitted.inc({ kind }),
    jobEnded: (status) => ended.inc({ status }),
    uploaded: (bytes) => uploadedBytes.inc(bytes),
    text: () => registry.metrics(),
    close() {
      delay.disable();
      registry.clear();
    },
  };
}
