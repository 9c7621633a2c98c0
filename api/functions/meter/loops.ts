import type { AnyNode, Statement } from "acorn";
import { childrenOf, isFunction } from "./scopes.ts";

export const loopTypes = [
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "WhileStatement",
  "DoWhileStatement",
] as const;
export type Loop = Extract<AnyNode, { type: (typeof loopTypes)[number] }>;

export function isLoop(node: AnyNode): node is Loop {
  return (loopTypes as readonly string[]).includes(node.type);
}

/** What a loop contains, nested functions aside (their bodies run elsewhere and are metered there). */
export interface LoopFacts {
  /** Control leaves early: break or continue past the loop, return, throw, try. */
  leaves: boolean;
  /** `continue` of this very loop. */
  continues: boolean;
  /** yield, await, for await. */
  suspends: boolean;
  /** A function or class is made: it could capture the loop variable. */
  closes: boolean;
  /** A call of anything but Math. */
  calls: boolean;
  /** A call of anything at all. */
  callsAny: boolean;
  /** Member targets that are written, with the index node when computed. */
  memberWrites: Extract<AnyNode, { type: "MemberExpression" }>[];
  /** Loops directly within (not those within them). */
  children: Loop[];
  /** Those that every iteration runs: statements of the body itself, or of plain blocks of it. */
  unconditional: Set<Loop>;
}

/**
 * Methods whose calls in a counted loop are taken for the builtins they are in practice. If one is the author's own it
 * is metered as a function; all that this assumption can change is that a loop it leaves by throwing was charged whole.
 */
const plainMethods: ReadonlySet<string> = new Set([
  "charCodeAt",
  "codePointAt",
  "at",
  "push",
  "has",
  "get",
  "set",
  "add",
]);

export function factsOf(loop: Loop): LoopFacts {
  const facts: LoopFacts = {
    leaves: false,
    continues: false,
    suspends: loop.type === "ForOfStatement" && loop.await === true,
    closes: false,
    calls: false,
    callsAny: false,
    memberWrites: [],
    children: [],
    unconditional: new Set(),
  };
  const unconditional = (statement: Statement) => {
    if (isLoop(statement)) facts.unconditional.add(statement);
    else if (statement.type === "BlockStatement") statement.body.forEach(unconditional);
  };
  unconditional(loop.body);

  // `breakable` and `loops` count enclosing constructs within this loop that a plain break or continue targets.
  const visit = (node: AnyNode, breakable: number, loops: number, labels: string[]): void => {
    switch (node.type) {
      case "BreakStatement":
        if (node.label ? !labels.includes(node.label.name) : breakable === 0) facts.leaves = true;
        return;
      case "ContinueStatement":
        if (node.label) {
          if (!labels.includes(node.label.name)) facts.leaves = true;
        } else if (loops === 0) facts.continues = true;
        return;
      case "ReturnStatement":
      case "ThrowStatement":
      case "TryStatement":
        facts.leaves = true;
        break;
      case "YieldExpression":
      case "AwaitExpression":
        facts.suspends = true;
        break;
      case "CallExpression":
        facts.callsAny = true;
        if (!isPlainCall(node.callee)) facts.calls = true;
        break;
      case "NewExpression":
      case "TaggedTemplateExpression":
      case "ImportExpression":
        facts.callsAny = facts.calls = true;
        break;
      case "AssignmentExpression":
      case "UpdateExpression":
        collectMemberTargets(node.type === "UpdateExpression" ? node.argument : node.left, facts);
        break;
      case "UnaryExpression":
        if (node.operator === "delete") facts.callsAny = facts.calls = true;
        break;
      case "ClassDeclaration":
      case "ClassExpression":
        facts.closes = true;
        break;
      case "LabeledStatement":
        visit(node.body, breakable, loops, [...labels, node.label.name]);
        return;
      case "SwitchStatement":
        for (const child of childrenOf(node)) visit(child, breakable + 1, loops, labels);
        return;
      default:
        if (isFunction(node)) {
          facts.closes = true;
          return;
        }
    }
    if (isLoop(node)) {
      if (loops === 0) facts.children.push(node);
      if (node.type === "ForOfStatement") {
        if (node.await) facts.suspends = true;
        facts.callsAny = true;
      }
      if (node.type === "ForInStatement" || node.type === "ForOfStatement")
        collectMemberTargets(node.left, facts);
      for (const child of childrenOf(node)) visit(child, breakable + 1, loops + 1, labels);
      return;
    }
    for (const child of childrenOf(node)) visit(child, breakable, loops, labels);
  };
  for (const child of childrenOf(loop)) {
    // What only runs before the loop's first test does not count, unless it suspends or captures the loop's variables.
    const before =
      (loop.type === "ForStatement" && child === loop.init) ||
      ((loop.type === "ForOfStatement" || loop.type === "ForInStatement") && child === loop.right);
    const { calls, callsAny } = facts;
    visit(child, 0, 0, []);
    if (before) Object.assign(facts, { calls, callsAny });
  }
  return facts;
}

function isPlainCall(callee: AnyNode): boolean {
  if (callee.type !== "MemberExpression" || callee.computed) return false;
  if (callee.property.type !== "Identifier") return false;
  if (callee.object.type === "Identifier" && callee.object.name === "Math") return true;
  return plainMethods.has(callee.property.name);
}

function collectMemberTargets(target: AnyNode, facts: LoopFacts): void {
  if (target.type === "MemberExpression") facts.memberWrites.push(target);
  else if (
    target.type === "ObjectPattern" ||
    target.type === "ArrayPattern" ||
    target.type === "AssignmentPattern" ||
    target.type === "Property" ||
    target.type === "RestElement"
  )
    for (const child of childrenOf(target)) collectMemberTargets(child, facts);
}
