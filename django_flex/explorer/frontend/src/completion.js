// What may be typed at the cursor: names of the description, operators, choices, words of the language.

import { read, entryOf } from "./json.js";
import { camelCase, snakeCase } from "./query.js";
import { childrenOf, fieldAt, filterOperators, filterPaths, labelOf, orders } from "./describe.js";
import { t, w } from "./words.js";

export const KEYS = {
  _model: w("Which model"), _action: w("list, get or aggregate"), _id: w("The key of one row"),
  fields: w("Which values each row has"), filters: w("Which rows"), order_by: w("In which order"),
  limit: w("How many rows"), offset: w("From which row on"), count: w("How many rows there are in all"),
  search: w("Rows with these words"), distinct: w("Each combination once"), aggregate: w("Sums, counts, averages"),
  group_by: w("One result for each value"), having: w("Which groups"), related: w("Nested rows: which, how many"),
  cursor: w("Pages by key, for long lists"),
};
const COMBINING = { or: w("one of these"), and: w("all of these"), not: w("none of these") };

/** Returns {from, to, options} for a cursor in a query, or null. An option is {label, detail, info, apply}. */
export function complete(text, at, { about, models, names, camel }) {
  const { node, cursor: found } = read(text, at);
  if (!found) return null;
  // Words of the language may be written in camelCase; they are offered as the API spells them.
  const cursor = { ...found, path: found.path.map((one, i) => (i === 0 && typeof one === "string" ? snakeCase(one) : one)) };
  const named = entryOf(node, "_model")?.value;
  const here = named && models[named] ? models[named] : about;
  const options = cursor.kind === "key" ? keys(cursor, here, models) : values(cursor, here, models, names, node);
  if (!options?.length) return null;
  const words = camel && cursor.kind === "key" && cursor.path.length === 0;
  const quoted = (option) => {
    const one = words ? { ...option, label: camelCase(option.label) } : option;
    if (!cursor.bare) return { ...one, label: one.label };
    const shown = one.plain ? one.label : JSON.stringify(one.label);
    return { ...one, apply: cursor.kind === "key" ? `${shown}: ` : shown };
  };
  return { from: cursor.from, to: cursor.to, options: options.map(quoted) };
}

function keys({ path }, about, models) {
  if (path.length === 0) return Object.entries(KEYS).map(([label, detail]) => ({ label, detail: t(detail), type: "keyword" }));
  if (!about) return null;
  if (path[0] === "filters") {
    const paths = filterPaths(about).flatMap((one) => filterKeys(about, one));
    return [...paths, ...words(COMBINING)];
  }
  if (path[0] === "having") return Object.keys(about.aggregates ?? {}).map((label) => ({ label, type: "function" }));
  if (path[0] === "related" && path.length === 1) {
    const many = Object.entries(about.relations ?? {}).filter(([, one]) => one.many);
    return many.map(([label, one]) => ({ label, detail: one.label, type: "class" }));
  }
  if (path[0] === "related") {
    const related = models[about.relations?.[path[1]]?.model];
    if (path.length === 2) return keys({ path: [] }, related, models);
    return related ? keys({ path: path.slice(2) }, related, models) : null;
  }
  return null;
}

function filterKeys(about, path) {
  const field = about.fields[path];
  const plain = { label: path, detail: field?.type ?? "", info: labelOf(about, path), type: "property" };
  const rest = filterOperators(about, path).filter((one) => one !== "exact");
  return [plain, ...rest.map((one) => ({ label: `${path}.${one}`, type: "property", boost: -1 }))];
}

const words = (table) => Object.entries(table).map(([label, detail]) => ({ label, detail: t(detail), type: "keyword" }));

function values({ path, bare }, about, models, names) {
  const [key, ...rest] = path;
  if (key === "_model") return names.map((label) => ({ label, type: "class" }));
  if (key === "_action") return ["list", "get", "aggregate"].map((label) => ({ label, type: "keyword" }));
  if (!about) return null;
  if (key === "related" && rest.length > 1) {
    const related = models[about.relations?.[rest[0]]?.model];
    return related ? values({ path: rest.slice(1), bare }, related, models, names) : null;
  }
  if (key === "fields") return fieldOptions(about, models);
  if (key === "order_by") return orders(about).map((label) => ({ label, detail: label[0] === "-" ? t("descending") : "", type: "property" }));
  if (key === "group_by") return (about.group_by ?? []).map((label) => ({ label, type: "property" }));
  if (key === "aggregate") {
    return Object.entries(about.aggregates ?? {}).map(([label, detail]) => ({ label, detail, type: "function" }));
  }
  if (key === "filters" && rest.length) return valueOptions(about, rest, bare);
  if (key === "count") return bare ? [{ label: "true", plain: true, type: "keyword" }] : null;
  return null;
}

export function fieldOptions(about, models) {
  const described = Object.entries(about.fields).map(([label, field]) => ({ label, ...told(about, label, field) }));
  const nested = Object.entries(about.relations ?? {}).filter(([, one]) => one.many).flatMap(([name]) =>
    childrenOf(about, name, models).filter((path) => !(path in about.fields))
      .map((label) => ({ label, ...told(about, label, fieldAt(about, label, models)) })));
  return [...described, ...nested, { label: "*", detail: t("all that the role may read"), type: "keyword", boost: -2 }];
}

function told(about, path, field) {
  return { detail: field?.type ?? "", info: documentation(about, path, field), type: "property" };
}

/** Returns what to tell about a path: its name, its type, its help, its choices. */
export function documentation(about, path, field) {
  if (!field) return labelOf(about, path);
  const choices = field.choices?.map((one) => `${JSON.stringify(one.value)} ${one.label}`).slice(0, 12).join("\n");
  const parts = [labelOf(about, path), `${field.type}${field.null ? `, ${t("may be null")}` : ""}`, field.help, choices];
  const usable = field.operators?.length ? `${t("filters")}: ${field.operators.join(" ")}` : t("no filter is granted");
  return [...parts, usable].filter(Boolean).join("\n");
}

function valueOptions(about, path, bare) {
  const key = path.findLast((one) => typeof one === "string" && !(one in COMBINING));
  if (!key) return null;
  const field = about.fields[key] ?? about.fields[key.slice(0, key.lastIndexOf("."))];
  const quote = (value) => (typeof value === "string" ? { label: value } : { label: String(value), plain: true });
  if (field?.choices) return field.choices.map((one) => ({ ...quote(one.value), detail: one.label, type: "constant" }));
  if (!bare) return null;
  if (field?.type === "boolean" || key.endsWith(".isnull")) {
    return ["true", "false"].map((label) => ({ label, plain: true, type: "constant" }));
  }
  if (["date", "datetime"].includes(field?.type)) {
    return ["-7d", "-30d", "-12 months", "start of month", "start of year"].map((one) => (
      { label: JSON.stringify({ $now: one }), plain: true, detail: one, type: "constant" }));
  }
  return null;
}
