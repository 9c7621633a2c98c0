import type { GuestConsole } from "../console.ts";
import { absent } from "./failure.ts";
import { chargeBuiltIns } from "./prelude-charge.ts";
import { replaceDate } from "./prelude-date.ts";

export interface PreludeOptions {
  charge(amount: number): void;
  log(parts: readonly unknown[]): void;
}

/**
 * Makes an isolate's globals fit for pure functions: what reads a clock, a locale, a time zone, randomness or the
 * collector is gone, and so is what compiles text (metering would not see it) or works unboundedly in one call. What is
 * absent is named in an error's hint (see failure.ts); what stays but may not be called throws an error that says what
 * to use. Never to be applied to a Node process: it changes the built-ins themselves.
 */
export function installPrelude(options: PreludeOptions): void {
  const world = globalThis as unknown as Record<string, unknown> & { Date: DateConstructor };
  replaceDate(world);
  replaceFunctionConstructors(world);
  forbidCalls(world);
  fixStacks();
  chargeBuiltIns(options.charge);
  world.console = createConsole(options.log);
  for (const name of Object.keys(absent)) delete world[name];
  // What an embedder may have left.
  for (const name of ["isolate", "ivm", "gc", "_ivm", "$isolate"]) delete world[name];
  closePrototypes();
}

function define(object: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    writable: false,
    enumerable: false,
    configurable: false,
  });
}

function thrower(name: string, message: string): () => never {
  return {
    [name](): never {
      throw new Error(message);
    },
  }[name]!;
}

/**
 * Text that is compiled at run time would run unmetered, so the constructors of all four kinds of functions go, also
 * where prototypes lead to them.
 */
function replaceFunctionConstructors(world: Record<string, unknown>): void {
  const message =
    "code cannot be made from text: a function is compiled once, when it is published";
  const samples = [
    function plain() {},
    function* generator() {},
    async function asynchronous() {},
    async function* asyncGenerator() {},
  ];
  for (const sample of samples) {
    const prototype = Object.getPrototypeOf(sample) as { constructor: { name: string } };
    const { name } = prototype.constructor;
    const substitute = function substitute(): never {
      throw new Error(message);
    };
    define(substitute, "name", name);
    define(substitute, "prototype", prototype);
    define(prototype, "constructor", substitute);
    if (name === "Function") world.Function = substitute;
  }
  world.eval = thrower("eval", message);
}

function forbidCalls(world: Record<string, unknown>): void {
  const synchronous = "there are no timers: functions are synchronous";
  for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]) {
    define(world, name, thrower(name, synchronous));
  }
  define(
    world,
    "fetch",
    thrower("fetch", "there is no network: a function reads its records, params and uses alone"),
  );
  // By assignment: a property defined with other attributes makes Math a dictionary, and every use of it a look-up.
  Math.random = thrower("random", "use random() of the context, which is seeded by the job");
  const plain = "there is no locale: compare with < and >, format with toFixed or toISOString";
  const typed = Object.getPrototypeOf(Uint8Array.prototype) as object;
  const owners = [
    Object.prototype,
    String.prototype,
    Number.prototype,
    BigInt.prototype,
    Array.prototype,
    Date.prototype,
    typed,
  ];
  for (const owner of owners) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (!name.startsWith("toLocale") && name !== "localeCompare") continue;
      // An author's class may have a method of this name: it stays writable where classes inherit it.
      Object.defineProperty(owner, name, {
        value: thrower(name, plain),
        writable: true,
        configurable: true,
      });
    }
  }
  const temporal = world.Temporal as { Now?: unknown } | undefined;
  if (temporal !== undefined) {
    delete temporal.Now;
    for (const name of Object.getOwnPropertyNames(temporal)) {
      const owner = (temporal as Record<string, { prototype?: object }>)[name]?.prototype;
      if (owner !== undefined && Object.hasOwn(owner, "toLocaleString")) {
        define(owner, "toLocaleString", thrower("toLocaleString", plain));
      }
    }
  }
}

/** The platform reads positions from stacks, so an author may neither format nor shorten them. */
function fixStacks(): void {
  const errors = Error as unknown as Record<string, unknown>;
  define(errors, "stackTraceLimit", 20);
  define(errors, "captureStackTrace", { captureStackTrace() {} }.captureStackTrace);
  Object.defineProperty(errors, "prepareStackTrace", {
    get: () => undefined,
    // Some libraries set it when they load; that must not fail, only have no effect.
    set: () => {},
    configurable: false,
  });
}

function createConsole(log: PreludeOptions["log"]): GuestConsole {
  const write = (...parts: unknown[]): void => log(parts);
  const nothing = (): void => {};
  return Object.freeze({
    log: write,
    info: write,
    warn: write,
    error: write,
    debug: write,
    trace: nothing,
    assert: nothing,
    time: nothing,
    timeEnd: nothing,
    group: write,
    groupEnd: nothing,
    table: write,
  });
}

/**
 * No new properties on the prototypes that every object and array has: an index setter, a toJSON or a descriptor's
 * `get` there would reach into the runtime. And the getters that say how long a typed array is stay as they are.
 */
function closePrototypes(): void {
  Object.preventExtensions(Object.prototype);
  Object.preventExtensions(Array.prototype);
  // Here too: an own "length" would hide the getter.
  Object.preventExtensions(Uint8Array.prototype);
  const typed = Object.getPrototypeOf(Uint8Array.prototype) as object;
  for (const name of ["length", "byteLength", "byteOffset", "buffer"]) {
    Object.defineProperty(typed, name, { configurable: false });
  }
  Object.defineProperty(ArrayBuffer.prototype, "byteLength", { configurable: false });
}
