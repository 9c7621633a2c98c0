import { type Diagnostic, linter } from "@codemirror/lint";
import { type EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

/** What went wrong when the function was compiled or ran, at a place of this file; from 1. */
export interface RunFault {
  line: number;
  column: number;
  message: string;
}

export const setRunFault = StateEffect.define<RunFault | undefined>();

interface Marked {
  from: number;
  message: string;
}

/** It moves with the text, and goes when its line is changed: whether it is still true is not known then. */
const marked = StateField.define<Marked | undefined>({
  create: () => undefined,
  update(value, { effects, changes, state, startState }) {
    for (const effect of effects)
      if (effect.is(setRunFault))
        return (
          effect.value && { from: placeOf(state, effect.value), message: effect.value.message }
        );
    if (value === undefined || changes.empty) return value;
    const line = startState.doc.lineAt(value.from);
    if (changes.touchesRange(line.from, line.to)) return undefined;
    return { ...value, from: changes.mapPos(value.from) };
  },
  provide: (field) =>
    EditorView.decorations.from(field, (value) => (view) => {
      if (value === undefined) return Decoration.none;
      const line = Decoration.line({ class: "cm-fault-line" });
      return Decoration.set(line.range(view.state.doc.lineAt(value.from).from));
    }),
});

/** Where a position of the compiler's or the sandbox's is in a text that may have become shorter since. */
export function placeOf(state: EditorState, { line, column }: { line: number; column: number }) {
  const { from, to } = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
  return Math.min(from + Math.max(column, 1) - 1, to);
}

function diagnosticsOf({ state }: EditorView): Diagnostic[] {
  const value = state.field(marked);
  if (value === undefined) return [];
  const line = state.doc.lineAt(value.from);
  const word = state.wordAt(value.from);
  const to = word && word.to > value.from ? word.to : line.to;
  return [{ from: value.from, to, severity: "error", source: "Try", message: value.message }];
}

export const runFault: Extension = [
  marked,
  linter(diagnosticsOf, {
    delay: 0,
    needsRefresh: ({ startState, state }) => startState.field(marked) !== state.field(marked),
  }),
];
