import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Colours by the tokens, which know light from dark: the editor is never told which it is. */
export const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--text-faint)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: tags.regexp, color: "var(--warn)" },
  { tag: [tags.number, tags.bool, tags.null, tags.self], color: "var(--warn)" },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--info)" },
  { tag: [tags.typeName, tags.className, tags.namespace], color: "var(--chart-4)" },
  { tag: tags.definition(tags.function(tags.variableName)), color: "var(--accent)" },
  { tag: tags.function(tags.variableName), color: "var(--accent)" },
  { tag: [tags.operator, tags.punctuation, tags.bracket], color: "var(--text-soft)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--font-mono)",
    fontSize: "var(--text-sm)",
    lineHeight: "1.65",
  },
  ".cm-content": { padding: "var(--space-3) 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 var(--space-4) 0 var(--space-2)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: "var(--selection)" },
  ".cm-gutters": {
    backgroundColor: "var(--surface)",
    color: "var(--text-faint)",
    border: "none",
    paddingRight: "var(--space-1)",
    fontVariantNumeric: "tabular-nums",
  },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 var(--space-2) 0 var(--space-3)" },
  ".cm-activeLine": { backgroundColor: "var(--active-line)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--accent-soft)",
    outline: "1px solid var(--accent)",
    borderRadius: "2px",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--accent-soft)" },
  ".cm-fault-line": { backgroundColor: "var(--bad-soft)" },
  ".cm-foldPlaceholder": {
    border: "none",
    backgroundColor: "var(--surface-hover)",
    color: "var(--text-soft)",
  },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    backgroundColor: "var(--surface-raised)",
    color: "var(--text)",
    boxShadow: "var(--shadow-lg)",
    fontSize: "var(--text-xs)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-hover": { maxWidth: "min(36rem, 90vw)" },
  ".cm-tooltip-section:not(:first-child)": { borderTop: "1px solid var(--line)" },
  ".cm-type": { padding: "var(--space-2) var(--space-3)", maxHeight: "16rem", overflow: "auto" },
  ".cm-type code": { display: "block", whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-type p": {
    marginTop: "var(--space-1)",
    color: "var(--text-soft)",
    fontFamily: "var(--font)",
    whiteSpace: "pre-line",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--font-mono)",
    fontSize: "var(--text-xs)",
    maxHeight: "15rem",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.2rem var(--space-3)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--text)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { marginLeft: "var(--space-3)", color: "var(--text-soft)" },
  ".cm-completionIcon": { color: "var(--text-faint)", opacity: "1", width: "1.2em" },
  ".cm-tooltip.cm-completionInfo": { padding: "0", maxWidth: "26rem" },
  ".cm-diagnostic": {
    padding: "var(--space-2) var(--space-3)",
    borderLeftWidth: "3px",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-diagnosticSource": { color: "var(--text-faint)", opacity: "1" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--warn)",
    textUnderlineOffset: "3px",
  },
  ".cm-gutter-lint": { width: "1.1rem" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0" },
  ".cm-lint-marker": { width: "0.55rem", height: "0.55rem", margin: "0.6em auto 0" },
  ".cm-lint-marker-error": {
    content: "none",
    borderRadius: "50%",
    backgroundColor: "var(--bad)",
  },
  ".cm-lint-marker-warning": {
    content: "none",
    borderRadius: "50%",
    backgroundColor: "var(--warn)",
  },
  ".cm-panels": {
    backgroundColor: "var(--surface-sunken)",
    color: "var(--text)",
    borderColor: "var(--line)",
  },
  ".cm-panel.cm-search": { padding: "var(--space-2) var(--space-3)", fontSize: "var(--text-xs)" },
  ".cm-textfield": {
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius-sm)",
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    fontSize: "var(--text-xs)",
    padding: "0.25rem var(--space-2)",
  },
  ".cm-button": {
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius-sm)",
    backgroundImage: "none",
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    fontSize: "var(--text-xs)",
  },
  ".cm-searchMatch": { backgroundColor: "var(--warn-soft)" },
  ".cm-searchMatch.cm-searchMatch-selected": {
    backgroundColor: "var(--accent-soft)",
    outline: "1px solid var(--accent)",
  },
});

export const theme: Extension = [look, syntaxHighlighting(colours)];
