import { readdirSync, readFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { afterEach, describe, expect, test } from "vitest";
import { number, replaced, speak, t } from "../src/words.js";
import { plural } from "../src/ui.js";
import de from "../src/words.de.js";
import fr from "../src/words.fr.js";

const folder = new URL("../src/", import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith(".js") && !name.startsWith("words"))
  .map((name) => readFileSync(new URL(name, folder), "utf8"));

/** Returns the static parts of each html`…` in a source, which esbuild writes as lists of strings. */
function templates(source) {
  const { code } = transformSync(source, { supported: { "template-literal": false } });
  const lists = code.matchAll(/__template\((\[(?:\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'),?\s*)*\])/g);
  return [...lists].map(([, list]) => Function(`return ${list}`)());
}

const KEEP = new Set(["JSON", "CSV", "NDJSON", "Ctrl ⏎", "a, b, c", "HTTP", '{"$ref": "a.id"}', "manage.py flex_matrix --format json"]);

function texts() {
  const found = new Set();
  for (const source of sources) {
    for (const parts of templates(source)) replaced(parts, (key) => { found.add(key); return key; });
    for (const [, key] of source.matchAll(/\b[tw]\("((?:[^"\\]|\\.)*)"/g)) found.add(key);
    for (const [, word] of source.matchAll(/\bplural\([^"\n]*?, "(\w+)"\)/g)) { found.add(`{0} ${word}`); found.add(`{0} ${word}s`); }
  }
  return [...found].filter((one) => !KEEP.has(one)).sort();
}

afterEach(() => speak("en"));

describe.each([["de", de], ["fr", fr]])("the texts in %s", (_, catalogue) => {
  test("are all there, and no others", () => expect(Object.keys(catalogue).sort()).toEqual(texts()));
  test("have the values of the English ones", () => {
    const values = (one) => [...new Set(one.match(/\{\d\}/g) ?? [])].sort();
    for (const [key, text] of Object.entries(catalogue)) expect([key, values(text)]).toEqual([key, values(key)]);
  });
});

test("a template has its texts and labels replaced, and nothing else", () => {
  const say = (key) => key.toUpperCase();
  const parts = ['<a title="Go on" class="go on">\n  Go <b>on', "</b> & ", '</a><input placeholder="Name" name="name" />'];
  expect(replaced(parts, say)).toEqual(['<a title="GO ON" class="go on">\n  GO <b>ON', "</b> & ", '</a><input placeholder="NAME" name="name" />']);
});

test("numbers and plurals are those of the language", () => {
  expect(plural(1, "row")).toBe("1 row");
  speak("de");
  expect([plural(1, "row"), plural(1500, "row"), number(1.5)]).toEqual(["1 Zeile", "1.500 Zeilen", "1,5"]);
  speak("pt-br");
  expect([t("Query"), number(1.5)]).toEqual(["Query", "1.5"]);
});
