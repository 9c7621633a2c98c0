import { GridError } from "../../../protocol/errors.ts";
import type {
  Commercial,
  OpenedView,
  PaidView,
  ViewProgress,
} from "../../../protocol/http-views.ts";
import { api } from "../../lib/api/index.ts";
import { Unreachable } from "../../lib/api/request.ts";

/**
 * One commercial, from its opening to its credits:
 *
 *   opening ─▶ watching ─▶ paid
 *      └──────────┴──────▶ failed
 *
 * How long it was watched is what the server says, by its own clock: this only tells it, about once a second, that the
 * commercial can be seen, and at once when it no longer can.
 */
export class Watching {
  phase: "opening" | "watching" | "paid" | "failed" = $state("opening");
  watchedMs = $state(0);
  readonly requiredMs: number;
  paid: PaidView | undefined = $state.raw();
  error: unknown = $state.raw();
  readonly commercial: Commercial;
  readonly #over = new AbortController();
  #seen = false;
  #sequence = 0;
  #wake = () => {};

  constructor(commercial: Commercial) {
    this.commercial = commercial;
    this.requiredMs = commercial.watchSeconds * 1_000;
  }

  /** Opens a view and follows it to its end. Never throws: see `error`. */
  async run(): Promise<void> {
    const { signal } = this.#over;
    try {
      const path = `/v1/campaigns/${encodeURIComponent(this.commercial.id)}/views`;
      const { token, heartbeatMs } = await api.json<OpenedView>(path, { method: "POST", signal });
      this.phase = "watching";
      this.paid = await this.#follow(`/v1/views/${encodeURIComponent(token)}`, heartbeatMs);
      this.phase = "paid";
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
      this.phase = "failed";
    }
  }

  /** Whether the commercial can be seen now. Told to the server at once: what passed before is not counted twice. */
  see(seen: boolean): void {
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#wake();
  }

  /** Nothing more is told; what was watched is not paid. */
  stop(): void {
    this.#over.abort();
    this.#wake();
  }

  async #follow(view: string, heartbeatMs: number): Promise<PaidView> {
    for (;;) {
      const told = this.#seen;
      const answered = await this.#tell(view, told);
      if (answered && this.watchedMs >= this.requiredMs) {
        const paid = await this.#claim(view);
        if (paid !== undefined) return paid;
      }
      if (told === this.#seen) await this.#pause(told || !answered ? heartbeatMs : undefined);
      this.#over.signal.throwIfAborted();
    }
  }

  /** False when the server does not answer: it is told again. @throws GridError when the view has ended */
  async #tell(view: string, visible: boolean): Promise<boolean> {
    try {
      const { watchedMs } = await api.json<ViewProgress>(`${view}/heartbeat`, {
        method: "POST",
        json: { visible, sequence: ++this.#sequence },
        pure: true,
        signal: this.#over.signal,
      });
      this.watchedMs = watchedMs;
      return true;
    } catch (error) {
      if (error instanceof Unreachable) return false;
      throw error;
    }
  }

  /** Undefined when the server, which may have been restarted, has not seen enough of it. */
  async #claim(view: string): Promise<PaidView | undefined> {
    try {
      const { signal } = this.#over;
      return await api.json<PaidView>(`${view}/finish`, { method: "POST", pure: true, signal });
    } catch (error) {
      const again = error instanceof GridError && error.code === "view-incomplete";
      if (again || error instanceof Unreachable) return undefined;
      throw error;
    }
  }

  /** For so long, or until something changes; nothing is told of what cannot be seen. */
  #pause(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
