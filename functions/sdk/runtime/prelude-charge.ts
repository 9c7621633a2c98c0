type Method = (this: unknown, ...args: unknown[]) => unknown;
type Cost = (self: unknown, args: ArrayLike<unknown>) => number;

/**
 * Built-ins that do as much work in one call as their input is long. Metering counts loops and calls of the author's
 * code alone, so these are wrapped to take fuel first: a loop around them cannot outrun its limit. Names, lengths and
 * errors stay those of the originals; they are no constructors, as before.
 */
export function chargeBuiltIns(charge: (amount: number) => void): void {
  const { apply } = Reflect;
  const { isArray } = Array;
  // Captured: what an author puts in place of Number must not turn a charge into a gift.
  const toNumber = Number;
  const positive = (value: unknown): number => {
    const number = toNumber(value);
    if (number >= 0) return number;
    return 0;
  };
  const lengthOf = (value: unknown): number => {
    if (typeof value === "string" || isArray(value)) return value.length;
    if (typeof value !== "object" || value === null) return 0;
    return positive((value as { length?: unknown }).length);
  };
  const own: Cost = (self) => lengthOf(self);
  const ownAndArguments: Cost = (self, args) => {
    let length = lengthOf(self);
    for (let i = 0; i < args.length; i++) length += lengthOf(args[i]);
    return length;
  };
  const times: Cost = (self, args) => lengthOf(self) * positive(args[0]);
  const upTo: Cost = (_self, args) => positive(args[0]);
  const ofArgument: Cost = (_self, args) => lengthOf(args[0]);
  /** JSON runs at some 16 characters for the time of one counted loop. */
  const ofText: Cost = (_self, args) => lengthOf(args[0]) / 16;
  const sorting: Cost = (self) => {
    const length = lengthOf(self);
    return length < 2 ? length : length * log2(length);
  };

  function wrap(object: object, names: readonly string[], cost: Cost): void {
    for (const name of names) {
      const before = Object.getOwnPropertyDescriptor(object, name);
      if (typeof before?.value !== "function") continue;
      const original = before.value as Method;
      const wrapper = {
        [name](this: unknown): unknown {
          // biome-ignore lint/complexity/noArguments: rest parameters would make an array for every call
          const args = arguments;
          const amount = cost(this, args);
          charge(amount - (amount % 1));
          return apply(original, this, args);
        },
      }[name]!;
      Object.defineProperty(wrapper, "length", { value: original.length, configurable: true });
      Object.defineProperty(object, name, { ...before, value: wrapper });
    }
  }

  const typed = Object.getPrototypeOf(Uint8Array.prototype) as object;
  const searches = ["indexOf", "lastIndexOf", "includes"];
  const moves = ["fill", "reverse", "toReversed", "copyWithin", "join", "with"];
  wrap(Array.prototype, ["sort", "toSorted"], sorting);
  wrap(Array.prototype, [...moves, ...searches, "flat", "splice", "toSpliced", "unshift"], own);
  wrap(Array.prototype, ["concat"], ownAndArguments);
  wrap(Array, ["from"], ofArgument);
  wrap(typed, ["sort", "toSorted"], sorting);
  wrap(typed, [...moves, ...searches, "slice"], own);
  wrap(typed, ["set"], ofArgument);
  wrap(String.prototype, ["repeat"], times);
  wrap(String.prototype, ["padStart", "padEnd"], upTo);
  wrap(JSON, ["parse"], ofText);
  const { stringify } = JSON;
  const charged = {
    stringify(value: unknown, replacer?: never, space?: never): string | undefined {
      const text = stringify(value, replacer, space) as string | undefined;
      if (text !== undefined) charge((text.length - (text.length % 16)) / 16);
      return text;
    },
  };
  Object.defineProperty(JSON, "stringify", {
    value: charged.stringify,
    writable: true,
    configurable: true,
  });
}

/** Whole logarithm, rounded up, by integer steps: the same on every machine. */
function log2(length: number): number {
  let bits = 1;
  while (2 ** bits < length && bits < 64) bits++;
  return bits;
}
