import type { Scope } from "../../../protocol/accounts.ts";

/** What a key or device may do with each scope, for people. */
export const scopeMeanings: Record<Scope, string> = {
  functions: "publish and change your functions",
  jobs: "run jobs and call functions, at your cost",
  datasets: "upload, read and delete your datasets",
  runners: "lend machines in your name, and earn for you",
  wallet: "see and move your credits",
};
export const scopeNames = Object.keys(scopeMeanings) as readonly Scope[];
