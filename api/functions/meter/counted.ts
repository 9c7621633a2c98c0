import type { AnyNode, Expression, ForStatement, Identifier } from "acorn";
import type { Loop, LoopFacts } from "./loops.ts";
import type { Scopes } from "./scopes.ts";

/**
 * A loop whose number of trips is known before it starts: `for (i = a; i < b; i += c)` where nothing in the loop can
 * change i (but for the step), b or c, and control leaves only by the test.
 */
export interface Counted {
  loop: ForStatement;
  variable: string;
  operator: "<" | "<=" | ">" | ">=";
  bound: Expression;
  /** Positive. The direction is the operator's. */
  step: number;
  /** The initial value when it is a number literal. */
  from: number | undefined;
  /** The bound when it is a number literal. */
  to: number | undefined;
  /** The bound reads a `.length`: it is left in the test as it stands. Else it is read once, before the loop. */
  readsLength: boolean;
}

export function countedLoop(
  loop: Loop,
  facts: LoopFacts,
  scopes: Scopes,
  labelled: boolean,
): Counted | undefined {
  if (loop.type !== "ForStatement" || labelled) return undefined;
  if (facts.leaves || facts.suspends || facts.closes || facts.calls) return undefined;
  const { init, test, update } = loop;
  if (test?.type !== "BinaryExpression" || test.left.type !== "Identifier" || !update)
    return undefined;
  const { operator } = test;
  if (operator !== "<" && operator !== "<=" && operator !== ">" && operator !== ">=")
    return undefined;
  const rises = operator === "<" || operator === "<=";
  const variable = test.left;
  const step = stepOf(update, variable.name, rises);
  if (step === undefined) return undefined;

  const binding = scopes.bindingOf(variable);
  if (!binding || !scopes.isLocalTo(binding, variable) || !scopes.isWrittenLocally(binding))
    return undefined;
  const start = init ? init.end : loop.start;
  if (scopes.writesWithin(binding, start, loop.end) !== 1) return undefined;

  const bound = test.right;
  const shape = { readsLength: false };
  if (!isFixed(bound, scopes, loop.start, loop.end, init?.end ?? loop.start, shape))
    return undefined;
  if (shape.readsLength && mayGrowArrays(facts, variable)) return undefined;
  return {
    loop,
    variable: variable.name,
    operator,
    bound,
    step,
    from: initialNumber(init, variable.name),
    to: numberOf(bound),
    readsLength: shape.readsLength,
  };
}

/** Whether an inner counted loop's trips can be known before `outer` starts, for every iteration of it alike. */
export function isFixedWithin(inner: Counted, outer: ForStatement, scopes: Scopes): boolean {
  if (inner.from === undefined || inner.readsLength) return false;
  return isFixed(inner.bound, scopes, outer.start, outer.end, outer.start, { readsLength: false });
}

function stepOf(update: Expression, name: string, rises: boolean): number | undefined {
  if (update.type === "SequenceExpression") {
    // Of `i++, j += 2` one part steps the variable; that nothing else writes it is checked with its writes.
    const steps = update.expressions.map((part) => stepOf(part, name, rises));
    return steps.find((step) => step !== undefined);
  }
  if (update.type === "UpdateExpression") {
    if (update.argument.type !== "Identifier" || update.argument.name !== name) return undefined;
    return update.operator === (rises ? "++" : "--") ? 1 : undefined;
  }
  if (update.type !== "AssignmentExpression") return undefined;
  if (update.left.type !== "Identifier" || update.left.name !== name) return undefined;
  if (update.operator !== (rises ? "+=" : "-=")) return undefined;
  const step = numberOf(update.right);
  return step !== undefined && Number.isInteger(step) && step > 0 && step < 2 ** 31
    ? step
    : undefined;
}

function initialNumber(init: ForStatement["init"], name: string): number | undefined {
  if (!init) return undefined;
  if (init.type === "VariableDeclaration") {
    for (const { id, init: value } of init.declarations)
      if (id.type === "Identifier" && id.name === name) return value ? numberOf(value) : undefined;
    return undefined;
  }
  const simple =
    init.type === "AssignmentExpression" &&
    init.operator === "=" &&
    init.left.type === "Identifier" &&
    init.left.name === name;
  return simple ? numberOf(init.right) : undefined;
}

function numberOf(node: AnyNode): number | undefined {
  if (node.type === "Literal" && typeof node.value === "number" && node.value < 2 ** 31)
    return node.value;
  if (node.type === "UnaryExpression" && node.operator === "-") {
    const value = numberOf(node.argument);
    return value === undefined ? undefined : -value;
  }
  return undefined;
}

const arithmetic: ReadonlySet<string> = new Set([
  "+",
  "-",
  "*",
  "/",
  "%",
  ">>",
  ">>>",
  "<<",
  "&",
  "|",
]);

/**
 * Whether an expression of names, number literals, `.length` and arithmetic has one value through [start, end).
 * Names that are declared after `declaredBy` may not be read that early.
 */
function isFixed(
  node: AnyNode,
  scopes: Scopes,
  start: number,
  end: number,
  declaredBy: number,
  shape: { readsLength: boolean },
): boolean {
  const fixed = (part: AnyNode) => isFixed(part, scopes, start, end, declaredBy, shape);
  switch (node.type) {
    case "Literal":
      return typeof node.value === "number";
    case "Identifier":
      return isFixedName(node, scopes, start, end, declaredBy);
    case "BinaryExpression":
      return (
        arithmetic.has(node.operator) &&
        node.left.type !== "PrivateIdentifier" &&
        fixed(node.left) &&
        fixed(node.right)
      );
    case "UnaryExpression":
      return (node.operator === "-" || node.operator === "+") && fixed(node.argument);
    case "MemberExpression":
      if (node.computed || node.optional || node.object.type !== "Identifier") return false;
      if (node.property.type !== "Identifier" || node.property.name !== "length") return false;
      shape.readsLength = true;
      return fixed(node.object);
    default:
      return false;
  }
}

function isFixedName(
  identifier: Identifier,
  scopes: Scopes,
  start: number,
  end: number,
  declaredBy: number,
): boolean {
  const binding = scopes.bindingOf(identifier);
  if (!binding || !scopes.isDeclaredBefore(binding, declaredBy)) return false;
  // The loop's own head may initialise it: for (let i = 0, n = a.length; i < n; i++).
  const from = Math.max(declaredBy, start);
  return scopes.isFixedWithin(binding, identifier, from, end);
}

/** An array could grow while the loop runs: by a call, or by a write to any index but the loop variable. */
function mayGrowArrays(facts: LoopFacts, variable: Identifier): boolean {
  if (facts.callsAny) return true;
  return facts.memberWrites.some(
    ({ computed, property }) =>
      !computed || property.type !== "Identifier" || property.name !== variable.name,
  );
}
