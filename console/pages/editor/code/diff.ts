import { javascript } from "@codemirror/lang-javascript";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { theme } from "./theme.ts";

export interface DiffOptions {
  parent: HTMLElement;
  path: string;
  before: string;
  after: string;
  /** One below the other, where there is no room for both side by side. */
  isUnified: boolean;
}

const collapseUnchanged = { margin: 2, minSize: 5 };

/** Shows what changed in a file, to be read only. Gives what takes it away. */
export function showDiff({ parent, path, before, after, isUnified }: DiffOptions): () => void {
  const reading = (label: string): Extension => [
    EditorState.readOnly.of(true),
    EditorView.lineWrapping,
    lineNumbers(),
    javascript({ typescript: /ts$/.test(path) }),
    theme,
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
  ];
  if (isUnified) {
    const merge = unifiedMergeView({
      original: before,
      mergeControls: false,
      collapseUnchanged,
    });
    const view = new EditorView({
      parent,
      doc: after,
      extensions: [reading(`What changed in ${path}`), merge],
    });
    return () => view.destroy();
  }
  const view = new MergeView({
    parent,
    a: { doc: before, extensions: reading(`${path} as published`) },
    b: { doc: after, extensions: reading(`${path} as it will be`) },
    collapseUnchanged,
  });
  return () => view.destroy();
}
