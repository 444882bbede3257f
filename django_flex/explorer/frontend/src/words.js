// The language of the page, which is the one that Django has chosen. Texts are English in the code.

import de from "./words.de.js";
import fr from "./words.fr.js";

const CATALOGUES = { de, fr };
let catalogue = null;
let locale = "en";
let templates = new WeakMap();

/** Has all texts be in a language from now on; those without a translation stay English. */
export function speak(language) {
  const short = String(language ?? "en").split("-")[0];
  catalogue = CATALOGUES[short] ?? null;
  locale = catalogue ? language : "en";
  templates = new WeakMap();
}

export const number = (value, options) => value.toLocaleString(locale, options);

/** Returns a text in the language of the page, with values for {0}, {1}. */
export function t(text, ...values) {
  const found = catalogue?.[text] ?? text;
  return values.length ? found.replace(/\{(\d)\}/g, (_, i) => values[i]) : found;
}

/** Marks a text that is translated where it is shown. */
export const w = (text) => text;

const ATTRIBUTES = /(\s(?:aria-label|label|title|placeholder)=)"([^"]+)"/g;

/** Returns the parts of a template with its texts replaced by `say`: what stands between tags, and labels. */
export function replaced(strings, say) {
  let inTag = false;
  const text = (part) => {
    const key = part.replace(/\s+/g, " ").trim();
    if (!/\p{L}/u.test(key)) return part;
    const [, before, after] = /^(\s*)[^]*?(\s*)$/.exec(part);
    return before + say(key) + after;
  };
  return strings.map((string) => string.split(/([<>])/).map((part) => {
    if (part === "<") inTag = true;
    else if (part === ">") inTag = false;
    else return inTag ? part.replace(ATTRIBUTES, (_, name, value) => `${name}"${/\p{L}/u.test(value) ? say(value) : value}"`) : text(part);
    return part;
  }).join(""));
}

/** Returns the parts of a template in the language of the page; the same ones each time. */
export function inLanguage(strings) {
  if (!catalogue) return strings;
  let found = templates.get(strings);
  if (!found) templates.set(strings, (found = replaced(strings, t)));
  return found;
}
