// A reader of JSON that is still being typed: where each value stands, and what the cursor is in.

import { t } from "./words.js";

const SPACE = /\s/;

/** Reads a text as far as it is JSON. Returns {node, error, cursor}: the tree with positions. */
export function read(text, at = -1) {
  let i = 0;
  let error = null;
  let cursor = null;
  const fail = (message, from = i) => {
    error ??= { message, from: Math.min(from, text.length), to: Math.min(from + 1, text.length) };
  };
  const skip = () => {
    while (i < text.length && SPACE.test(text[i])) i++;
  };
  const meets = (from, to, found) => {
    if (at >= from && at <= to) cursor = { from, to, ...found };
  };

  function string() {
    const from = i++;
    while (i < text.length && text[i] !== '"' && text[i] !== "\n") i += text[i] === "\\" ? 2 : 1;
    const closed = text[i] === '"';
    if (closed) i++;
    else fail(t("This text has no closing quote"), from);
    i = Math.min(i, text.length);
    let value = text.slice(from + 1, closed ? i - 1 : i);
    try {
      value = JSON.parse(`"${value}"`);
    } catch {
      if (closed) fail(t("This is not a valid text"), from);
    }
    return { type: "string", value, from, to: i, closed };
  }

  function object(path) {
    const node = { type: "object", from: i++, entries: [] };
    for (;;) {
      skip();
      if (i >= text.length) { fail(t("'}' is missing")); break; }
      if (text[i] === "}") { i++; break; }
      if (text[i] === ",") { i++; continue; }
      if (text[i] !== '"') {
        const from = i;
        while (i < text.length && /[^\s,:}\]"]/.test(text[i])) i++;
        meets(from, i, { kind: "key", path, text: text.slice(from, at), bare: true });
        fail(t("A name in double quotes is needed"), from);
        if (i === from) i++;
        if (text[i] === ":") { i++; value([...path, text.slice(from, i - 1)]); }
        continue;
      }
      const key = string();
      if (at > key.from && at < key.to + (key.closed ? 0 : 1)) {
        cursor = { kind: "key", path, from: key.from + 1, to: key.closed ? key.to - 1 : key.to,
          text: text.slice(key.from + 1, at), closed: key.closed };
      }
      skip();
      const entry = { key: key.value, at: key, value: null };
      node.entries.push(entry);
      if (text[i] !== ":") { fail(t("':' is missing after the name")); continue; }
      i++;
      entry.value = value([...path, key.value]);
      skip();
      if (i < text.length && text[i] !== "," && text[i] !== "}") fail(t("',' or '}' is missing"));
    }
    node.to = i;
    if (!cursor && at > node.from && at < node.to + (text[i - 1] === "}" ? 0 : 1)) {
      const inside = node.entries.some((one) => one.value && at > one.at.from && at <= one.value.to);
      if (!inside) cursor = { kind: "key", path, from: at, to: at, text: "", bare: true };
    }
    return node;
  }

  function array(path) {
    const node = { type: "array", from: i++, items: [] };
    for (;;) {
      skip();
      if (i >= text.length) { fail(t("']' is missing")); break; }
      if (text[i] === "]") { i++; break; }
      if (text[i] === ",") { i++; continue; }
      if (text[i] === "}") { fail(t("']' is missing")); break; }
      node.items.push(value([...path, node.items.length]));
    }
    node.to = i;
    if (!cursor && at > node.from && at < node.to + (text[i - 1] === "]" ? 0 : 1)) {
      const inside = node.items.some((one) => at > one.from && at < one.to);
      if (!inside) cursor = { kind: "value", path, from: at, to: at, text: "", bare: true };
    }
    return node;
  }

  function value(path) {
    skip();
    const from = i;
    if (text[i] === "{") return object(path);
    if (text[i] === "[") return array(path);
    if (text[i] === '"') {
      const node = string();
      if (at > node.from && at < node.to + (node.closed ? 0 : 1)) {
        cursor = { kind: "value", path, from: node.from + 1, to: node.closed ? node.to - 1 : node.to,
          text: text.slice(node.from + 1, at), closed: node.closed };
      }
      return node;
    }
    while (i < text.length && /[^\s,}\]]/.test(text[i])) i++;
    const word = text.slice(from, i);
    meets(from, i, { kind: "value", path, text: text.slice(from, at), bare: true });
    if (!word) { fail(t("A value is missing"), from); if (i < text.length && !"}],".includes(text[i])) i++; }
    let read = null;
    try { read = JSON.parse(word); } catch { if (word) fail(t("This is not a value of JSON"), from); }
    return { type: "word", value: read, from, to: i };
  }

  skip();
  const node = value([]);
  skip();
  if (i < text.length) fail(t("Nothing may follow the query"));
  return { node, error, cursor };
}

/** Returns {query} of a text, or {problem} with its place. */
export function parseQuery(text) {
  const { node, error } = read(text);
  if (error) return { problem: error };
  if (node.type !== "object") return { problem: { from: node.from, to: node.to, message: "A query is an object" } };
  try {
    return { query: JSON.parse(text) };
  } catch (fault) {
    // What is read here and is no JSON: a comma too many.
    const comma = /,(?=\s*[}\]])|,(?=\s*,)/.exec(text);
    const from = comma?.index ?? 0;
    return { problem: { from, to: from + 1, message: comma ? t("This comma is too much") : fault.message } };
  }
}

const valueOf = (node, key) => node.entries.findLast((one) => one.key === key)?.value;

/** Returns where a path of an error, such as `filters.or[0].name.icontain`, is in a text. */
export function locate(text, path, name = "") {
  const { node } = read(text);
  const found = path ? walk(node, path) : null;
  const whole = found ?? (node.type === "object" && node.at) ?? null;
  if (!whole) return null;
  const within = name ? named(text, whole.node, name) : null;
  return within ?? { from: whole.from, to: whole.to };
}

function walk(node, path) {
  if (!path) return { node, from: node.from, to: node.to };
  if (node?.type === "array") {
    const index = /^\[(\d+)\]\.?/.exec(path);
    const item = index && node.items[Number(index[1])];
    return item ? walk(item, path.slice(index[0].length)) : { node, from: node.from, to: node.to };
  }
  if (node?.type !== "object") return node ? { node, from: node.from, to: node.to } : null;
  const fits = (key) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`);
  const entries = node.entries.filter((one) => fits(one.key));
  const entry = entries.sort((a, b) => b.key.length - a.key.length)[0];
  if (!entry) return { node, from: node.from, to: node.to, missing: path };
  const rest = path.slice(entry.key.length).replace(/^\./, "");
  const whole = { node: entry.value ?? node, from: entry.at.from, to: entry.at.to };
  if (!rest) return whole;
  const deeper = entry.value ? walk(entry.value, rest) : null;
  // A value that has no such part: the name itself is what is wrong.
  return deeper && !deeper.missing ? deeper : whole;
}

/** Returns where a name is in the texts of a value. */
function named(text, node, name) {
  const texts = [];
  collect(node, texts);
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const word = new RegExp(`(^|[^\\w.])(-?${escaped})(?![\\w.])`);
  for (const one of texts) {
    const match = word.exec(text.slice(one.from, one.to));
    if (match) {
      const from = one.from + match.index + match[1].length;
      return { from, to: from + match[2].length };
    }
  }
  return null;
}

function collect(node, texts) {
  if (!node) return;
  if (node.type === "string") texts.push(node);
  for (const item of node.items ?? []) collect(item, texts);
  for (const entry of node.entries ?? []) { texts.push(entry.at); collect(entry.value, texts); }
}

/** Returns the texts of a value with their places, and the value of a key of the query. */
export const entryOf = (node, key) => (node?.type === "object" ? valueOf(node, key) : null);
