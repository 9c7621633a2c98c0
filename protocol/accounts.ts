import { z } from "zod";

/** What a key may be used for. A session of the console, and the operator's own key, may be used for everything. */
export const scopeSchema = z.enum(["functions", "jobs", "datasets", "runners", "wallet"]);
export type Scope = z.infer<typeof scopeSchema>;
export const allScopes: readonly Scope[] = scopeSchema.options;

export const roleSchema = z.enum(["member", "operator"]);
export type Role = z.infer<typeof roleSchema>;

/** Words that stand in paths and commands where a handle or a name would. */
export const reservedNames: ReadonlySet<string> = new Set([
  "invoke",
  "versions",
  "me",
  "new",
  "all",
  "own",
  "everyone",
]);

export const handleCharsMax = 40;

/** An account's public name, part of URLs: lower-case words joined by hyphens. */
export const handleSchema = z
  .string()
  .min(2)
  .max(handleCharsMax)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "lower-case letters, digits and single hyphens")
  .refine((handle) => !reservedNames.has(handle), "this word is taken");

/** The account that the first start makes: its operator. */
export const operatorAccount = "acc_operator";
export const operatorHandle = "operator";
