import type { Constant, Param } from "./types.ts";

interface Texts {
  title?: string;
  description?: string;
}
interface Bounds extends Texts {
  min?: number;
  max?: number;
}

const bounds = ({ min, max, ...texts }: Bounds): object => ({
  ...texts,
  ...(min === undefined ? {} : { minimum: min }),
  ...(max === undefined ? {} : { maximum: max }),
});

/** Parameters with more than a default: bounds, choices, a title for the form. Bounds are inclusive. */
export const param = {
  integer: (value: number, options: Bounds = {}): Param<number> => ({
    param: { type: "integer", default: value, ...bounds(options) },
  }),
  number: (value: number, options: Bounds = {}): Param<number> => ({
    param: { type: "number", default: value, ...bounds(options) },
  }),
  /** `min` and `max` bound the length. */
  string: (value: string, { min, max, ...texts }: Bounds = {}): Param<string> => ({
    param: {
      type: "string",
      default: value,
      ...texts,
      ...(min === undefined ? {} : { minLength: min }),
      ...(max === undefined ? {} : { maxLength: max }),
    },
  }),
  boolean: (value: boolean, options: Texts = {}): Param<boolean> => ({
    param: { type: "boolean", default: value, ...options },
  }),
  /** One of some strings; the first is the default unless `options.default` names another. */
  choice: <const Choice extends string>(
    choices: readonly [Choice, ...Choice[]],
    options: Texts & { default?: NoInfer<Choice> } = {},
  ): Param<Choice> => ({
    param: { type: "string", ...options, default: options.default ?? choices[0], enum: choices },
  }),
  /** A list of numbers, strings or booleans. `of` says of what when the default is empty. */
  list: <T extends number | string | boolean>(
    value: readonly T[],
    { of, ...texts }: Texts & { of?: "number" | "integer" | "string" | "boolean" } = {},
  ): Param<readonly Widened<T>[]> => ({
    param: {
      type: "array",
      default: value as unknown as readonly Widened<T>[],
      ...texts,
      items: { type: of ?? (typeof (value[0] ?? 0) as "number") },
    },
  }),
};

type Widened<T> = T extends number ? number : T extends string ? string : boolean;

/** A constant of type T that the caller binds by name under `uses`. */
export const constant = <T>(options: { description?: string } = {}): Constant<T> => ({
  constant: options,
});
