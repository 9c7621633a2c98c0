import type { z } from "zod";
import type { allSchema } from "../../protocol/http-common.ts";
import { requireOperator } from "../accounts/principal.ts";
import { type ApiContext, principalOf } from "./context.ts";

/** Who looks: an account sees what is its own, and with `all` everyone's. */
export interface Viewer {
  account: string;
  all: boolean;
}

/** @param all the query's; it is the operator's alone. @throws GridError forbidden */
export function viewerOf(c: ApiContext, all?: z.infer<typeof allSchema>): Viewer {
  const principal = principalOf(c);
  if (all === "true") requireOperator(principal);
  return { account: principal.account, all: all === "true" };
}
