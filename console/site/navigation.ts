import Activity from "@lucide/svelte/icons/activity";
import ArrowLeftRight from "@lucide/svelte/icons/arrow-left-right";
import Banknote from "@lucide/svelte/icons/banknote";
import CirclePlay from "@lucide/svelte/icons/circle-play";
import Cpu from "@lucide/svelte/icons/cpu";
import Database from "@lucide/svelte/icons/database";
import FlaskConical from "@lucide/svelte/icons/flask-conical";
import HandCoins from "@lucide/svelte/icons/hand-coins";
import ListChecks from "@lucide/svelte/icons/list-checks";
import ListTree from "@lucide/svelte/icons/list-tree";
import Megaphone from "@lucide/svelte/icons/megaphone";
import Server from "@lucide/svelte/icons/server";
import SquarePen from "@lucide/svelte/icons/square-pen";
import Store from "@lucide/svelte/icons/store";
import Tv from "@lucide/svelte/icons/tv";
import Users from "@lucide/svelte/icons/users";
import UsersRound from "@lucide/svelte/icons/users-round";
import Wallet from "@lucide/svelte/icons/wallet";
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
  {
    label: "Build",
    places: [
      { label: "Market", href: "/", icon: Store },
      { label: "Editor", href: "/new", icon: SquarePen },
      { label: "Live lab", href: "/lab", icon: FlaskConical, for: "member" },
    ],
  },
  {
    label: "Run",
    places: [
      { label: "Jobs", href: "/jobs", icon: ListChecks, for: "member" },
      { label: "Datasets", href: "/datasets", icon: Database, for: "member" },
    ],
  },
  {
    label: "Earn",
    places: [
      { label: "Machines", href: "/machines", icon: Cpu, for: "member" },
      { label: "Pools", href: "/pools", icon: Users, for: "member" },
      { label: "Watch", href: "/earn", icon: CirclePlay, for: "member" },
      { label: "Sponsor", href: "/sponsor", icon: Megaphone, for: "member" },
    ],
  },
  {
    label: "Money",
    places: [
      { label: "Wallet", href: "/wallet", icon: Wallet, for: "member" },
      { label: "Payouts", href: "/payouts", icon: Banknote, for: "member" },
    ],
  },
  {
    label: "Operate",
    places: [
      { label: "Overview", href: "/operator", icon: Activity, for: "operator" },
      { label: "Members", href: "/operator/members", icon: UsersRound, for: "operator" },
      { label: "Runners", href: "/operator/runners", icon: Server, for: "operator" },
      { label: "All jobs", href: "/operator/jobs", icon: ListTree, for: "operator" },
      { label: "Rates", href: "/operator/rates", icon: ArrowLeftRight, for: "operator" },
      { label: "Payout queue", href: "/operator/payouts", icon: HandCoins, for: "operator" },
      { label: "All campaigns", href: "/operator/campaigns", icon: Tv, for: "operator" },
    ],
  },
];
