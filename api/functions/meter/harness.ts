import { runInThisContext } from "node:vm";
import { createMachine, type Machine } from "../../../functions/sdk/runtime/machine.ts";
import { preamble } from "./names.ts";
import { meterModule } from "./transform.ts";

/** For tests: programs are bodies of a function, run as they stand and metered, with the runtime's own machine. */
export interface Outcome {
  /** JSON of what the program returned, or the error's name and message. */
  result: string;
  fuel: number;
  stopped: "out-of-fuel" | "stack-exhausted" | undefined;
}

const idle = 1e15;

export function runPlain(source: string): string {
  const run = runInThisContext(`(() => { "use strict";\n${source}\n})`) as () => unknown;
  return resultOf(run);
}

/** Compiles once; each call runs the program again with `fuelMax`. */
export function compileMetered(source: string): (fuelMax?: number) => Outcome {
  const { code, names } = meterModule(source);
  const machine = createMachine();
  const make = runInThisContext(
    `(runtime) => { "use strict";\n${preamble(names, "runtime")}\nreturn () => {\n${code}\n};\n}`,
  ) as (machine: Machine) => () => unknown;
  const run = make(machine);
  return (fuelMax = idle) => {
    machine.begin(fuelMax);
    let thrown: unknown;
    const result = resultOf(run, (error) => {
      thrown = error;
    });
    return { result, fuel: machine.used(), stopped: machine.exhausted(thrown) };
  };
}

function resultOf(run: () => unknown, onError?: (error: unknown) => void): string {
  try {
    return JSON.stringify(run()) ?? "undefined";
  } catch (error) {
    onError?.(error);
    return error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`;
  }
}
