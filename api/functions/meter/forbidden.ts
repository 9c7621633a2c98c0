import type { AnyNode } from "acorn";
import type { Scopes } from "./scopes.ts";

export interface Refusal {
  message: string;
  hint: string;
  /** Offset in the metered source. */
  at: number;
}

/** What a bundle may not contain, wherever it stands. */
export function refusalOf(node: AnyNode, scopes: Scopes): Refusal | undefined {
  const refuse = (message: string, hint: string) => ({ message, hint, at: node.start });
  switch (node.type) {
    case "ImportExpression":
      return refuse(
        "import() cannot be used in a function",
        "import what you need at the top of the file; everything is bundled when you publish",
      );
    case "MetaProperty":
      if (node.meta.name !== "import") return undefined;
      return refuse(
        "import.meta cannot be used in a function",
        "a function has no file of its own",
      );
    case "DebuggerStatement":
      return refuse("debugger cannot be used in a function", "remove the statement");
    case "WithStatement":
      return refuse("with cannot be used in a function", "name the object instead");
    case "Identifier":
      if (node.name !== "eval" || !scopes.isGlobal(node)) return undefined;
      return refuse(
        "eval cannot be used in a function",
        "code that is made at run time cannot be metered; write it in the source",
      );
    case "CallExpression":
    case "NewExpression":
      if (node.callee.type !== "Identifier" || node.callee.name !== "Function") return undefined;
      if (!scopes.isGlobal(node.callee)) return undefined;
      return refuse(
        "Function() cannot be used in a function",
        "code that is made at run time cannot be metered; write it in the source",
      );
    default:
      return undefined;
  }
}

export function refuseTopLevelAwait(at: number): Refusal {
  return {
    message: "await cannot be used at the top level of a function",
    hint: "a function is synchronous and has no I/O to wait for",
    at,
  };
}
