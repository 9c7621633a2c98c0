/** Compiles what authors publish, and tries what they have not published yet. */
export { createBuilder } from "./builder.ts";
export { type CompilerOptions, createCompiler } from "./compiler.ts";
export type { ExecutorSource } from "./executors.ts";
export { explain } from "./explain.ts";
export { type Metered, meterSource, preamble } from "./meter.ts";
export { Trials, togetherMax } from "./trials.ts";
