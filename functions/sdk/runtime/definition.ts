import type { Description, InputDescription, ParamSchema } from "../../../protocol/guest.ts";
import type { Json, Kind, OutputFormat } from "../../../protocol/job.ts";
import { includesText, isArray, isInteger, keysOf, parse, stringify } from "./primordials.ts";

type Entry = (...args: unknown[]) => unknown;

/** An author's definition, read once and checked: the runtime never reads the author's object again. */
export interface Definition {
  kind: Kind;
  description: Description;
  input: InputDescription;
  defaults: Record<string, unknown>;
  uses: readonly string[];
  output: OutputFormat;
  map: Entry;
  reduce: Entry;
  combine: Entry | undefined;
  init: Entry;
  merge: Entry;
  step: Entry;
  finish: Entry | undefined;
  example: { input: unknown; params?: object; uses?: Record<string, unknown> } | undefined;
}

export interface DefinitionFault {
  code: "missing-entry" | "bad-definition";
  message: string;
  hint?: string;
}

const entriesOf: Record<Kind, readonly string[]> = {
  map: ["map"],
  mapReduce: ["map", "reduce"],
  iterate: ["init", "map", "merge", "step"],
};

/** @throws DefinitionFault as a plain object, or whatever an author's getter throws */
export function readDefinition(value: unknown): Definition {
  if (typeof value !== "object" || value === null) {
    throw bad(
      "the module has no default export that is a function definition",
      'write: export default map({ … }), with map, mapReduce or iterate from "sparegrid"',
    );
  }
  const source = value as Record<string, unknown>;
  const kind = source.kind as Kind;
  if (kind !== "map" && kind !== "mapReduce" && kind !== "iterate") {
    throw bad(
      "the default export is not a function definition",
      'wrap it in map(), mapReduce() or iterate() from "sparegrid"',
    );
  }
  const required = entriesOf[kind];
  for (let i = 0; i < required.length; i++) {
    const name = required[i]!;
    if (typeof source[name] !== "function") throw missing(kind, name);
  }
  const { combine, finish } = source;
  if (kind === "mapReduce" && !isOptional(combine, "function") && typeof combine !== "boolean") {
    throw bad("combine is neither true nor a function");
  }
  if (kind === "iterate" && !isOptional(finish, "function")) throw bad("finish is no function");
  const input = readInput(source.input);
  const params = readParams(source.params);
  const uses = readUses(source.uses);
  const output = readOutput(source.output);
  const folds = kind === "mapReduce" && (combine === true || typeof combine === "function");
  const description: Description = {
    kind,
    title: readText(source.title, "title", 200) ?? "",
    ...optional("description", readText(source.description, "description", 4000)),
    input,
    params,
    uses,
    combine: folds,
    finish: kind === "iterate" && typeof finish === "function",
    output,
    ...optional("recordsPerTask", readCount(source.recordsPerTask, "recordsPerTask")),
    ...optional("roundsMax", readCount(source.roundsMax, "roundsMax")),
    ...optional("reducers", readCount(source.reducers, "reducers")),
    example: source.example !== undefined,
  };
  if (description.title === "") throw bad("a function has a title");
  const defaults: Record<string, unknown> = {};
  for (const name of keysOf(params)) defaults[name] = params[name]!.default;
  return {
    kind,
    description,
    input,
    defaults,
    uses: keysOf(uses),
    output,
    map: source.map as Entry,
    reduce: source.reduce as Entry,
    combine: folds ? ((combine === true ? source.reduce : combine) as Entry) : undefined,
    init: source.init as Entry,
    merge: source.merge as Entry,
    step: source.step as Entry,
    finish: finish as Entry | undefined,
    example: readExample(source.example),
  };
}

function readInput(value: unknown): InputDescription {
  const input = value as {
    type?: unknown;
    format?: unknown;
    columns?: unknown;
    recordBytes?: unknown;
  } | null;
  if (typeof input === "object" && input !== null) {
    if (input.type === "range" || input.type === "items") return { type: input.type };
    if (input.type === "dataset" && typeof input.format === "string") {
      const columns = input.columns as string[] | undefined;
      return {
        type: "dataset",
        format: input.format as "lines",
        ...optional("columns", columns),
        ...optional("recordBytes", readCount(input.recordBytes, "bytes({ size })")),
      };
    }
  }
  throw bad(
    "the input is not valid",
    "use text(), lines(), csv(), ndjson(), matrix(), bytes(), range() or items()",
  );
}

function readParams(value: unknown): Record<string, ParamSchema> {
  const schemas: Record<string, ParamSchema> = {};
  if (value === undefined) return schemas;
  if (typeof value !== "object" || value === null) throw bad("params is not an object");
  const specs = value as Record<string, unknown>;
  for (const name of keysOf(specs)) schemas[name] = readParam(name, specs[name]);
  return schemas;
}

function readParam(name: string, spec: unknown): ParamSchema {
  if (typeof spec === "object" && spec !== null && !isArray(spec)) {
    const described = (spec as { param?: unknown }).param;
    if (typeof described === "object" && described !== null) {
      return copyJson(described, name) as unknown as ParamSchema;
    }
    return { type: "object", default: copyJson(spec, name) };
  }
  if (isArray(spec)) {
    const of = typeof spec[0];
    const items = of === "number" || of === "string" || of === "boolean" ? { type: of } : undefined;
    return { type: "array", default: copyJson(spec, name), ...optional("items", items) };
  }
  const type = typeof spec;
  if (type === "number" || type === "string" || type === "boolean") {
    return { type, default: copyJson(spec, name) };
  }
  throw bad(`the default of parameter ${name} is a ${type}`, "give a JSON value, or use param.…");
}

/** What a form, a URL and a database can hold; a default that changes on the way would make jobs differ. */
function copyJson(value: unknown, name: string): Json {
  const text = stringify(value);
  if (text === undefined) throw bad(`the default of parameter ${name} is not JSON`);
  return parse(text) as Json;
}

function readUses(value: unknown): Record<string, { description?: string }> {
  const uses: Record<string, { description?: string }> = {};
  if (value === undefined) return uses;
  if (typeof value !== "object" || value === null) throw bad("uses is not an object");
  const specs = value as Record<string, { constant?: { description?: unknown } } | null>;
  for (const name of keysOf(specs)) {
    const constant = specs[name]?.constant;
    if (typeof constant !== "object" || constant === null) {
      throw bad(`uses.${name} is not a constant`, "write: uses: { NAME: constant<T>() }");
    }
    uses[name] = optional("description", readText(constant.description, `uses.${name}`, 400));
  }
  return uses;
}

function readOutput(value: unknown): OutputFormat {
  const contentType = readText(value, "output", 200);
  if (contentType === undefined) return { type: "json", contentType: "application/json" };
  if (!isContentType(contentType)) {
    throw bad("output is not a content type", 'write it like "image/png"');
  }
  return { type: "bytes", contentType };
}

/** RFC 9110 type/subtype, of the characters that registered types use; hosts refuse others. */
function isContentType(text: string): boolean {
  const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_";
  let slashes = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "/" && i > 0 && i < text.length - 1) slashes++;
    else if (!includesText(plain, text[i]!)) return false;
  }
  return slashes === 1 && text.length <= 100;
}

function readExample(value: unknown): Definition["example"] {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || !("input" in value)) {
    throw bad("the example has no input", "write: example: { input: … }");
  }
  return value as Definition["example"];
}

function readText(value: unknown, name: string, charsMax: number): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw bad(`${name} is not a string`);
  if (value.length > charsMax) throw bad(`${name} is longer than ${charsMax} characters`);
  return value;
}

function readCount(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (!isInteger(value) || value < 1) throw bad(`${name} is not a positive integer`);
  return value;
}

function isOptional(value: unknown, type: string): boolean {
  return value === undefined || typeof value === type;
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { [Key in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: T };
}

function bad(message: string, hint?: string): DefinitionFault {
  return { code: "bad-definition", message, ...optional("hint", hint) };
}

function missing(kind: Kind, name: string): DefinitionFault {
  return {
    code: "missing-entry",
    message: `the definition has no ${name}()`,
    hint: `${kind} needs ${entriesOf[kind].join(", ")}`,
  };
}
