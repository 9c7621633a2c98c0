import type { ApiContext } from "./context.ts";

/**
 * Aborts when whoever asked has gone before the answer.
 * @returns the signal, and what ends the watch
 */
export function watchGone(c: ApiContext): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const outgoing = c.env?.outgoing;
  const onClose = () => controller.abort();
  outgoing?.once("close", onClose);
  return { signal: controller.signal, end: () => void outgoing?.off("close", onClose) };
}
