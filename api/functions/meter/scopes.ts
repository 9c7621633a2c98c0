import type { AnyNode, Identifier, Program } from "acorn";
import { analyze, type Reference, type Scope, type Variable } from "eslint-scope";

export type Binding = Variable;

/** Answers what a name means and who writes it; the ground on which loops are found to be countable. */
export interface Scopes {
  /** The binding of an identifier in expression position; undefined for a global. */
  bindingOf(identifier: Identifier): Binding | undefined;
  /** Whether an identifier reads or writes a global that no code declares. */
  isGlobal(identifier: Identifier): boolean;
  /** Whether the binding belongs to the very function (or module body) that contains `node`. */
  isLocalTo(binding: Binding, identifier: Identifier): boolean;
  /** No write lies in [start, end) and no other function writes it: its value there is fixed. */
  isFixedWithin(binding: Binding, identifier: Identifier, start: number, end: number): boolean;
  /** Declared before `position`, or a parameter. */
  isDeclaredBefore(binding: Binding, position: number): boolean;
  /** All writes are in the function that declares it. */
  isWrittenLocally(binding: Binding): boolean;
  writesWithin(binding: Binding, start: number, end: number): number;
}

interface Ranged {
  start: number;
  end: number;
}

export function analyzeScopes(program: Program): Scopes {
  // acorn's nodes are ESTree; eslint-scope's types want espree's, which add ranges it does not need.
  const manager = analyze(program as unknown as Parameters<typeof analyze>[0], {
    ecmaVersion: 2025,
    sourceType: "module",
    ignoreEval: true,
    fallback: "iteration",
  });
  const references = new Map<unknown, Reference>();
  for (const scope of manager.scopes)
    for (const reference of scope.references) references.set(reference.identifier, reference);

  const referenceOf = (identifier: Identifier) => references.get(identifier);
  const functionOf = (scope: Scope): Scope => scope.variableScope;
  const writes = (binding: Binding) => binding.references.filter((r) => r.isWrite());
  const at = (reference: Reference) => reference.identifier as unknown as Ranged;

  const scopes: Scopes = {
    bindingOf: (identifier) => referenceOf(identifier)?.resolved ?? undefined,
    isGlobal(identifier) {
      const reference = referenceOf(identifier);
      return reference !== undefined && !reference.resolved;
    },
    isLocalTo(binding, identifier) {
      const reference = referenceOf(identifier);
      return reference !== undefined && functionOf(reference.from) === functionOf(binding.scope);
    },
    isWrittenLocally: (binding) =>
      writes(binding).every((r) => functionOf(r.from) === functionOf(binding.scope)),
    writesWithin: (binding, start, end) =>
      writes(binding).filter((r) => at(r).start >= start && at(r).end <= end).length,
    isFixedWithin(binding, identifier, start, end) {
      const written = writes(binding);
      if (written.some((r) => at(r).start >= start && at(r).end <= end)) return false;
      if (scopes.isLocalTo(binding, identifier)) return scopes.isWrittenLocally(binding);
      // Another function's or the module's variable: fixed only when its initializer is its one write.
      return written.length <= 1 && written.every((r) => r.init) && !isFunctionName(binding);
    },
    isDeclaredBefore: (binding, position) =>
      binding.defs.length > 0 &&
      binding.defs.every(
        (def) => def.type === "Parameter" || (def.name as unknown as Ranged).end <= position,
      ),
  };
  return scopes;
}

function isFunctionName(binding: Binding): boolean {
  return binding.defs.some((def) => def.type === "FunctionName" || def.type === "ClassName");
}

export function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { type?: unknown }).type === "string"
  );
}

/** A node's children in source order of its keys. */
export function* childrenOf(node: AnyNode): Generator<AnyNode> {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield item;
    } else if (isNode(value)) yield value;
  }
}

export type FunctionNode = Extract<
  AnyNode,
  { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }
>;

export function isFunction(node: AnyNode): node is FunctionNode {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}
