import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  insertCompletionText,
  pickedCompletion,
} from "@codemirror/autocomplete";
import { typescriptLanguage } from "@codemirror/lang-javascript";
import { linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import { highlightCode } from "@lezer/highlight";
import { colours } from "./theme.ts";
import type { TypeOption, TypeText } from "./type-service.ts";
import type { TypesClient } from "./types-client.ts";

const lintDelayMs = 350;
/** TypeScript's words for kinds that the icons call otherwise. */
const icons: Readonly<Record<string, string>> = {
  "local var": "variable",
  let: "variable",
  var: "variable",
  const: "constant",
  parameter: "variable",
  property: "property",
  method: "method",
  function: "function",
  "local function": "function",
  alias: "function",
  class: "class",
  interface: "interface",
  type: "type",
  keyword: "keyword",
};

/** Type errors, completion and what is known of a name, for one file. */
export function typed(types: TypesClient, path: string): Extension {
  return [
    linter(
      (view) => types.ask("faults", path, view.state.doc.toString()).then((all) => all ?? []),
      {
        delay: lintDelayMs,
      },
    ),
    autocompletion({ override: [(context) => complete(types, path, context)], icons: true }),
    hoverTooltip(async (view, at) => {
      const found = await types.ask("hover", path, view.state.doc.toString(), at);
      if (!found) return null;
      const { from: pos, to: end } = found;
      return { pos, end, above: true, create: () => ({ dom: explanation(found) }) };
    }),
  ];
}

async function complete(
  types: TypesClient,
  path: string,
  context: CompletionContext,
): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[\w$]+$/);
  if (!context.explicit && !word && !context.matchBefore(/[."'`]$/)) return null;
  const text = context.state.doc.toString();
  const options = await types.ask("complete", path, text, context.pos);
  if (!options || options.length === 0) return null;
  return {
    from: word?.from ?? context.pos,
    validFor: /^[\w$]*$/,
    options: options.map((option) => completionOf(types, path, context.pos, option)),
  };
}

function completionOf(
  types: TypesClient,
  path: string,
  at: number,
  { name, kind, order, source }: TypeOption,
): Completion {
  const type = icons[kind];
  return {
    label: name,
    boost: -Number.parseInt(order, 10) || 0,
    ...(type === undefined ? {} : { type }),
    ...(source === undefined ? {} : { detail: source }),
    async info() {
      const found = await types.ask("explain", path, undefined, at, name, source);
      return found ? explanation(found) : null;
    },
    apply(view, completion, from, to) {
      const before = view.state.doc.toString();
      view.dispatch({
        ...insertCompletionText(view.state, name, from, to),
        annotations: pickedCompletion.of(completion),
      });
      if (source === undefined) return;
      void types.ask("explain", path, before, to, name, source).then((found) => {
        // Whoever typed on above the word meanwhile has made other places of them.
        const isAsItWas = view.state.sliceDoc(0, from) === before.slice(0, from);
        const changes = found?.changes.filter((change) => change.to <= from) ?? [];
        if (isAsItWas && changes.length > 0) view.dispatch({ changes });
      });
    },
  };
}

function explanation({ signature, documentation }: TypeText): HTMLElement {
  const box = document.createElement("div");
  box.className = "cm-type";
  const code = box.appendChild(document.createElement("code"));
  const add = (text: string, classes = "") => {
    const piece = code.appendChild(document.createElement("span"));
    piece.textContent = text;
    piece.className = classes;
  };
  const tree = typescriptLanguage.parser.parse(signature);
  highlightCode(signature, tree, colours, add, () => add("\n"));
  if (documentation !== "")
    box.appendChild(document.createElement("p")).textContent = documentation;
  return box;
}
