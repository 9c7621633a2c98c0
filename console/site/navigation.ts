import ListChecks from "@lucide/svelte/icons/list-checks";
import Store from "@lucide/svelte/icons/store";
import type { Component } from "svelte";

export interface Place {
  label: string;
  href: string;
  icon: Component<{ size?: number; strokeWidth?: number }>;
  /** Who sees it: everybody when absent. */
  for?: "member" | "operator";
}

/** What the side bar lists, in groups. */
export const navigation: readonly { label: string; places: readonly Place[] }[] = [
  { label: "Build", places: [{ label: "Market", href: "/", icon: Store }] },
  { label: "Run", places: [{ label: "Jobs", href: "/jobs", icon: ListChecks, for: "member" }] },
];
