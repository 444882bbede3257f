// The query as the form shows it, and as the editor has it. Each is made of the other.

import { w } from "./words.js";

const WIDE = 84;

/** Returns JSON as people write it: short parts in one line, long lists of words in as few as they fit. */
export const indent = (value) => pretty(value, "", 0);

function pretty(value, before, used) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const list = Array.isArray(value);
  const [open, close] = list ? "[]" : "{}";
  const name = (key) => (list ? "" : `${JSON.stringify(key)}: `);
  const entries = Object.entries(value);
  if (!entries.length) return open + close;
  const short = open + entries.map(([key, one]) => name(key) + pretty(one, "", WIDE)).join(", ") + close;
  if ((before || list) && !short.includes("\n") && before.length + used + short.length <= WIDE) return short;
  if (used === WIDE) return short;
  const next = `${before}  `;
  const parts = entries.map(([key, one]) => name(key) + pretty(one, next, name(key).length));
  const lines = list && value.every((one) => typeof one !== "object") ? filled(parts, WIDE - next.length) : parts;
  return `${open}\n${lines.map((one) => next + one).join(",\n")}\n${before}${close}`;
}

function filled(parts, most) {
  const lines = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 2 <= most) lines[lines.length - 1] = `${last}, ${part}`;
    else lines.push(part);
  }
  return lines;
}

/** Returns a list from a list or a comma list. */
export function terms(value) {
  if (typeof value === "string") return splitTerms(value);
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

const splitTerms = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

export const isAggregate = (query) => query._action === "aggregate";

/** Returns filters as rows of a form: {path, operator, value}; what no row shows stays as it is. */
export function filterRows(filters, isOperator) {
  const rows = [];
  for (const [key, value] of Object.entries(filters ?? {})) {
    if (["or", "and", "not"].includes(key)) rows.push({ key, other: value });
    else {
      const cut = key.lastIndexOf(".");
      const named = cut > 0 && isOperator(key.slice(0, cut), key.slice(cut + 1));
      rows.push(named
        ? { path: key.slice(0, cut), operator: key.slice(cut + 1), value }
        : { path: key, operator: "exact", value });
    }
  }
  return rows;
}

export function filtersOf(rows) {
  const filters = {};
  for (const row of rows) {
    if (row.key) filters[row.key] = row.other;
    else filters[row.operator === "exact" ? row.path : `${row.path}.${row.operator}`] = row.value;
  }
  return filters;
}

/** Returns a query with another value of a key, in the usual order of keys; undefined removes it. */
const ORDER = ["_model", "_action", "_id", "group_by", "aggregate", "fields", "search", "filters",
  "having", "order_by", "related", "limit", "offset"];

export function withKey(query, key, value) {
  const changed = { ...query, [key]: value };
  const empty = value === undefined || (Array.isArray(value) && !value.length)
    || (value && typeof value === "object" && !Object.keys(value).length);
  if (empty) delete changed[key];
  if (key !== "offset" && key !== "cursor") { delete changed.offset; delete changed.cursor; }
  const rank = (name) => (ORDER.indexOf(name) + 1 || ORDER.length + 1);
  return Object.fromEntries(Object.entries(changed).sort(([a], [b]) => rank(a) - rank(b)));
}

/** Returns a query that groups instead of listing, or the other way round. */
export function summarised(query, on, first) {
  const kept = Object.fromEntries(["_model", "filters", "search"].filter((k) => k in query).map((k) => [k, query[k]]));
  return on
    ? withKey({ ...kept, _action: "aggregate", aggregate: ["count"], limit: 50 }, "filters", kept.filters)
    : withKey({ ...kept, fields: first.fields, limit: first.limit }, "filters", kept.filters);
}

/** Returns what is sent: the words of an API that spells them in camelCase, if it does. */
export const camelCase = (name) => name.replace(/(?<=[a-z])_([a-z])/g, (_, one) => one.toUpperCase());
export function spelled(query, camel) {
  if (!camel) return query;
  return Object.fromEntries(Object.entries(query).map(([k, v]) =>
    [camelCase(k), k === "_batch" ? v.map((one) => spelled(one, camel)) : v]));
}

export const snakeCase = (name) => name.replace(/(?<=[a-z\d])[A-Z]/g, (one) => `_${one.toLowerCase()}`);
/** Returns a query that was typed with the words as they are spelled here, whatever form they have. */
export const plainly = (query) => Object.fromEntries(Object.entries(query).map(([key, value]) => [snakeCase(key), value]));

export const RANGES = [
  [w("7 days"), { $now: "-7d" }], [w("30 days"), { $now: "-30d" }], [w("12 months"), { $now: "-12 months" }],
  [w("This year"), { $now: "start of year" }],
];

/** Returns the alias or path that a result has for a term of `aggregate`. */
export const outputOf = (term) => (/^(\w+):/.exec(term)?.[1] ?? term);
export const termPath = (term) => term.replace(/^\w+:/, "");
