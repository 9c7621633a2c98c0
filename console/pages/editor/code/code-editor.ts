import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from "@codemirror/language";
import { forceLinting, lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { placeOf, type RunFault, runFault, setRunFault } from "./run-fault.ts";
import { theme } from "./theme.ts";
import { typed } from "./type-extension.ts";
import { TypesClient, type TypesState } from "./types-client.ts";

export type { TypesState } from "./types-client.ts";

export interface CodeEditorOptions {
  parent: HTMLElement;
  /** The file to begin with is `open`ed. */
  files: Readonly<Record<string, string>>;
  /** Long lines go on below: on a phone. */
  wrap: boolean;
  onchange(path: string, text: string): void;
  onrun(): void;
  ontypes(state: TypesState): void;
}

/** CodeMirror over several files, one of them shown; each keeps its own history and selection. */
export class CodeEditor {
  readonly #options: CodeEditorOptions;
  readonly #view: EditorView;
  readonly #types: TypesClient | undefined;
  #states = new Map<string, EditorState>();
  #path = "";
  /** Lines have another height once their typeface is here: a click would go to the wrong one. */
  readonly #measure = () => this.#view.requestMeasure();

  constructor(options: CodeEditorOptions) {
    this.#options = options;
    this.#types = startTypes(options);
    this.#types?.setFiles(options.files);
    this.#view = new EditorView({ parent: options.parent });
    document.fonts.addEventListener("loadingdone", this.#measure);
  }

  /** Shows a file, with the text that it has by now. */
  open(path: string, text: string): void {
    if (path !== this.#path) {
      if (this.#path !== "") this.#states.set(this.#path, this.#view.state);
      this.#path = path;
      this.#view.setState(this.#states.get(path) ?? this.#fresh(path, text));
    }
    this.replace(path, text);
  }

  /** Puts another text into a file; undoing brings the old one back. */
  replace(path: string, text: string): void {
    const state = path === this.#path ? this.#view.state : this.#states.get(path);
    if (state === undefined || state.doc.toString() === text) return;
    const changes = { from: 0, to: state.doc.length, insert: text };
    if (path === this.#path) this.#view.dispatch({ changes });
    else this.#states.set(path, state.update({ changes }).state);
  }

  /** What files there are, after one was added or removed. */
  setFiles(files: Readonly<Record<string, string>>): void {
    for (const path of this.#states.keys()) if (!(path in files)) this.#states.delete(path);
    this.#types?.setFiles(files);
    forceLinting(this.#view);
  }

  /** Marks what went wrong in the file that is shown, in place of what was marked before. */
  mark(fault: RunFault | undefined): void {
    this.#view.dispatch({ effects: setRunFault.of(fault) });
  }

  /** Also for who does not see: the cursor and the focus go there. */
  goTo(place: { line: number; column: number }): void {
    const anchor = placeOf(this.#view.state, place);
    this.#view.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: "center" }),
    });
    this.#view.focus();
  }

  close(): void {
    document.fonts.removeEventListener("loadingdone", this.#measure);
    this.#view.destroy();
    this.#types?.close();
  }

  #fresh(path: string, text: string): EditorState {
    const { onchange, onrun, wrap } = this.#options;
    const run = () => {
      onrun();
      return true;
    };
    const isOurs = !path.startsWith("node_modules/");
    return EditorState.create({
      doc: text,
      extensions: [
        basics,
        runFault,
        javascript({ typescript: /ts$/.test(path) }),
        wrap ? EditorView.lineWrapping : [],
        this.#types && isOurs ? typed(this.#types, path) : [],
        isOurs ? [] : EditorState.readOnly.of(true),
        // It is focusable as it is; axe-core wants to read that.
        EditorView.contentAttributes.of({ "aria-label": `Source of ${path}`, tabindex: "0" }),
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) onchange(path, state.doc.toString());
        }),
      ],
    });
  }
}

/** Undefined where workers cannot be made at all. */
function startTypes({ ontypes }: CodeEditorOptions): TypesClient | undefined {
  try {
    return new TypesClient(ontypes);
  } catch {
    ontypes("failed");
    return undefined;
  }
}

const basics: Extension = [
  lineNumbers(),
  lintGutter(),
  foldGutter(),
  highlightActiveLineGutter(),
  highlightSpecialChars(),
  history(),
  drawSelection(),
  EditorState.allowMultipleSelections.of(true),
  EditorState.tabSize.of(2),
  indentUnit.of("  "),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  highlightActiveLine(),
  highlightSelectionMatches(),
  keymap.of([
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...foldKeymap,
    ...completionKeymap,
    ...lintKeymap,
    indentWithTab,
  ]),
  theme,
];
