/** Compiles what authors publish. */
export { type CompilerOptions, createCompiler } from "./compiler.ts";
export type { ExecutorSource } from "./executors.ts";
export { explain } from "./explain.ts";
export { type Metered, meterSource, preamble } from "./meter.ts";
