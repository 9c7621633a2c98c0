import type { JobEvent } from "../../../protocol/events.ts";

export type FedEvent = JobEvent & { number: number };

export interface FeedListener {
  event(event: FedEvent): void;
  /** Whether the stream stands. */
  connected(yes: boolean): void;
}

const ended = new Set(["succeeded", "failed", "cancelled"]);
const reopenMs = 1_000;

/**
 * A job's numbered events from the first on, without a gap and each once, over as many connections as it takes. The
 * browser's EventSource comes back by itself after a cut (with Last-Event-ID), but gives up for good when a server that
 * restarts answers anything but a stream: then a new one begins after the last event that was seen.
 */
export function followJob(job: string, listener: FeedListener, after = 0): () => void {
  let last = after;
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;

  function close(): void {
    over = true;
    clearTimeout(timer);
    source?.close();
  }

  function open(): void {
    source = new EventSource(`/v1/jobs/${encodeURIComponent(job)}/events?batch=true&after=${last}`);
    source.onopen = () => listener.connected(true);
    source.onerror = () => {
      if (over) return;
      listener.connected(false);
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, reopenMs);
    };
    source.addEventListener("batch", (message) => {
      for (const event of JSON.parse(message.data) as FedEvent[]) hear(event);
    });
  }

  function hear(event: FedEvent): void {
    if (event.number <= last || over) return;
    last = event.number;
    listener.event(event);
    if (event.type === "status" && ended.has(event.status)) {
      listener.connected(true);
      close();
    }
  }

  open();
  return close;
}
