import { connection } from "./connection.svelte.ts";

export interface KeepAskingOptions {
  /** Ask again so often while the page is visible. */
  everyMs?: number | undefined;
}

interface Asked {
  readonly loading: boolean;
  reload(): Promise<void>;
  stop(): void;
}

/**
 * Asks when the component opens, when something that the question reads changes, when the server is back, and every
 * `everyMs` by `again`, unless a question is under way. Call it while a component is being set up.
 */
export function keepAsking(
  it: Asked,
  again: () => Promise<void>,
  { everyMs }: KeepAskingOptions,
): void {
  $effect(() => {
    void connection.recoveries;
    void it.reload();
    return () => it.stop();
  });
  if (everyMs === undefined) return;
  $effect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && !it.loading) void again();
    }, everyMs);
    return () => clearInterval(timer);
  });
}
