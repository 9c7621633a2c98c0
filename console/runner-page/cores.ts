import type { Sample } from "./runner.svelte.ts";

/** The browser and the runner are on one machine, so the browser knows its cores. */
export function availableCores(samples: readonly Sample[]): number {
  const told = navigator.hardwareConcurrency || 1;
  // A browser that tells fewer, to be harder to recognise, must not show more than all of them at work.
  const most = Math.max(0, ...samples.map(({ cpu }) => cpu));
  return Math.max(told, Math.ceil(most / 100));
}
