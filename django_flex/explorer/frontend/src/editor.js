// The editor, in a shadow root: there its styles are sheets of scripts, which no policy has to allow.

import { EditorState } from "@codemirror/state";
import {
  EditorView, drawSelection, highlightActiveLine, hoverTooltip, keymap, lineNumbers,
} from "@codemirror/view";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { setDiagnostics } from "@codemirror/lint";
import { json } from "@codemirror/lang-json";
import { tags } from "@lezer/highlight";

import { complete, documentation } from "./completion.js";
import { read } from "./json.js";
import { fieldAt } from "./describe.js";
import { t } from "./words.js";

const LOOK = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--well)", fontSize: "13px", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--well)", color: "var(--faint)", border: "none" },
  ".cm-activeLine": { backgroundColor: "var(--tint)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--tint)", color: "var(--muted)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selected)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selected)" },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--text)", border: "1px solid var(--line)",
    borderRadius: "8px", boxShadow: "0 8px 24px rgb(0 0 0 / .18)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "15em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 10px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { fontStyle: "normal", opacity: ".75" },
  ".cm-completionInfo": { whiteSpace: "pre-wrap", maxWidth: "22em", fontSize: "12.5px", padding: "8px 10px" },
  ".cm-hint": { whiteSpace: "pre-wrap", padding: "8px 10px", maxWidth: "26em", fontSize: "12.5px" },
  ".cm-diagnostic": { padding: "8px 10px", fontSize: "12.5px" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--bad)" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--on-accent)", borderRadius: "5px" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "3px" },
});

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--code-name)" },
  { tag: tags.string, color: "var(--code-text)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: [tags.bool, tags.null], color: "var(--code-word)" },
  { tag: [tags.brace, tags.squareBracket, tags.separator], color: "var(--muted)" },
]);

/** Replaces many lines itself: a browser would keep their look in a style of its own, which no policy here allows. */
const replaceLines = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection;
    const many = view.state.sliceDoc(main.from, main.to).length > 1;
    if (!many || view.composing || event.inputType !== "insertText" || event.data === null) return false;
    if (event.data.length === 1 && !/[\w\s]/.test(event.data)) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type" });
    return true;
  },
});

const narrow = () => matchMedia("(max-width: 50em)").matches;

/** Puts an editor into an element. `context` gives what completion knows; returns what controls it. */
export function makeEditor(host, { text, context, onChange, onRun }) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  let silent = false;
  const source = ({ state, pos, explicit }) => {
    const doc = state.doc.toString();
    const found = complete(doc, pos, context());
    if (!found || (!explicit && found.from === pos && found.to === pos && !/["{[,]\s*$/.test(doc.slice(0, pos)))) return null;
    return { from: found.from, to: found.to, options: found.options, validFor: /^[\w.*-]*$/ };
  };
  const hover = hoverTooltip((view, pos) => {
    const doc = view.state.doc.toString();
    const { cursor } = read(doc, pos);
    if (!cursor || cursor.bare) return null;
    const path = doc.slice(cursor.from, cursor.to).replace(/^-/, "");
    const { about, models } = context();
    const field = about && (fieldAt(about, path, models) ?? fieldAt(about, path.slice(0, path.lastIndexOf(".")), models));
    if (!field) return null;
    return { pos: cursor.from, end: cursor.to, above: true, create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-hint";
      dom.textContent = documentation(about, path, field);
      return { dom };
    } };
  });
  const view = new EditorView({
    parent: root, root,
    state: EditorState.create({
      doc: text,
      extensions: [
        narrow() ? [] : lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
        highlightActiveLine(), json(), syntaxHighlighting(COLOURS), LOOK, hover, replaceLines,
        autocompletion({ override: [source], icons: false, maxRenderedOptions: 60 }),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": t("Query as JSON"), spellcheck: "false" }),
        keymap.of([
          { key: "Mod-Enter", preventDefault: true, run: () => { onRun(); return true; } },
          { key: "Escape", run: (one) => { one.contentDOM.blur(); return true; } },
          ...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !silent) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    set(value) {
      if (value === view.state.doc.toString()) return;
      silent = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
      silent = false;
    },
    /** Underlines what is wrong: [{from, to, message, hint, replacement}]. */
    mark(problems) {
      const most = view.state.doc.length;
      const found = problems.map((one) => ({
        from: Math.min(one.from, most), to: Math.min(Math.max(one.to, one.from + 1), most), severity: "error",
        message: one.hint ? `${one.message} — ${one.hint}` : one.message,
        actions: one.replacement ? [{ name: t("Use {0}", one.replacement), apply: (v, from, to) => {
          v.dispatch({ changes: { from, to, insert: one.replacement } });
        } }] : [],
      }));
      view.dispatch(setDiagnostics(view.state, found));
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
