import { defineProperty, freeze, prototypeOf, rangeErrorPrototype } from "./primordials.ts";

/** Fuel for evaluating the author's module: plain definitions need next to none, tables built at load need some. */
export const startFuel = 1e8;
/** Between runs: no author code (a microtask left behind) gets to run. */
const stopped = 1e300;
const leftBehind =
  "The function left work behind after it had answered: functions are synchronous, without promises";

/**
 * The fuel meter that metered code and the runtime share. `meter[0]` is minus the fuel that is left; at more than 0 it
 * is exhausted and stays so until the next run begins.
 */
export interface Machine {
  readonly meter: Float64Array<ArrayBuffer>;
  readonly outOfFuel: object;
  /** First thing in every metered catch and finally: lets neither exhaustion nor a stack overflow be swallowed. */
  caught(error: unknown): void;
  /** Takes fuel for work that metering cannot see. @throws outOfFuel */
  charge(amount: number): void;
  begin(fuelMax: number): void;
  /** Fuel since begin; never more than fuelMax. */
  used(): number;
  stop(): void;
  /** Why author code was stopped, if it was. */
  exhausted(error: unknown): "out-of-fuel" | "stack-exhausted" | undefined;
}

export function createMachine(): Machine {
  const meter = new Float64Array(1);
  const outOfFuel = new Error("");
  outOfFuel.name = "OutOfFuel";
  // Seen by a host only when it ends no run: while the module loads, or as the rejection of a promise left behind.
  defineProperty(outOfFuel, "message", {
    get: () => (running ? "The function used up its fuel" : leftBehind),
  });
  freeze(outOfFuel);
  let fuelMax = startFuel;
  let overflowed = false;
  let running = true;
  meter[0] = -startFuel;
  return {
    meter,
    outOfFuel,
    caught(error) {
      if (meter[0]! > 0) throw outOfFuel;
      if (!isStackOverflow(error)) return;
      overflowed = true;
      meter[0] = stopped;
      throw outOfFuel;
    },
    charge(amount) {
      if (amount > 0) meter[0]! += amount;
      if (meter[0]! > 0) throw outOfFuel;
    },
    begin(limit) {
      fuelMax = limit;
      overflowed = false;
      running = true;
      meter[0] = -limit;
    },
    used() {
      const used = meter[0]! + fuelMax;
      // A NaN (an author's weird length) and an overrun both count as all of it.
      return used >= 0 && used <= fuelMax ? used : fuelMax;
    },
    stop() {
      running = false;
      meter[0] = stopped;
    },
    exhausted(error) {
      if (overflowed) return "stack-exhausted";
      if (error === outOfFuel || meter[0]! > 0) return "out-of-fuel";
      try {
        return isStackOverflow(error) ? "stack-exhausted" : undefined;
      } catch {
        // A proxy's trap threw: no overflow of V8's.
        return undefined;
      }
    },
  };
}

/** How deep a stack goes depends on what the JIT has compiled, so an overflow is never the author's to observe. */
function isStackOverflow(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    prototypeOf(error) === rangeErrorPrototype &&
    (error as Error).message === "Maximum call stack size exceeded"
  );
}
