import type { Runner } from "../../../protocol/http-runners.ts";

export interface Served {
  label: string;
  /** Of a pool: where it is on this site. */
  href?: string;
}

/** Whose jobs a runner takes on: all that it may, or those of them that its owner limited it to. Pure. */
export function servesOf({
  pools = [],
  servesOnly,
}: Pick<Runner, "pools" | "servesOnly">): Served[] {
  const may = ["own", "everyone", ...pools];
  const named = servesOnly === undefined ? may : may.filter((name) => servesOnly.includes(name));
  return named.map((name) => {
    if (name === "own") return { label: "you" };
    if (name === "everyone") return { label: "everyone" };
    return { label: name, href: `/pools/${name}` };
  });
}
