// Many rows at once, as what is sent: rows that were pasted, keys, or a filter.

import { kindOf, valueOf } from "./input.js";

/** Returns the values of a line of CSV or TSV, in which quotes may hold separators and line ends. */
function cells(text, separator) {
  const lines = [[]];
  let value = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const one = text[i];
    if (quoted) {
      if (one === '"' && text[i + 1] === '"') { value += '"'; i++; }
      else if (one === '"') quoted = false;
      else value += one;
    } else if (one === '"' && value === "") quoted = true;
    else if (one === separator) { lines.at(-1).push(value); value = ""; }
    else if (one === "\n") { lines.at(-1).push(value); value = ""; lines.push([]); }
    else if (one !== "\r") value += one;
  }
  lines.at(-1).push(value);
  return { lines: lines.filter((line) => line.some((each) => each.trim() !== "")), open: quoted };
}

/** Returns {rows} of a text: a list of JSON, or lines as spreadsheets copy them, with names in the first; or {problem, at}. */
export function parseRows(text, inputs) {
  if (!text.trim()) return { problem: "none" };
  if (/^\s*[[{]/.test(text)) {
    try {
      const found = [].concat(JSON.parse(text));
      return found.every((one) => one && typeof one === "object" && !Array.isArray(one)) ? { rows: found } : { problem: "objects" };
    } catch { return { problem: "json" }; }
  }
  const first = text.trimStart().split("\n", 1)[0];
  const separator = ["\t", ";"].find((one) => first.includes(one)) ?? ",";
  const { lines: [names, ...lines], open } = cells(text, separator);
  if (open) return { problem: "quote" };
  const columns = names.map((one) => one.trim());
  const unknown = columns.find((one) => !(one in inputs));
  if (unknown !== undefined) return { problem: "name", at: unknown };
  if (!lines.length) return { problem: "none" };
  const rows = [];
  for (const [i, line] of lines.entries()) {
    if (line.length !== columns.length) return { problem: "width", at: i + 1 };
    const row = {};
    for (const [j, name] of columns.entries()) {
      // What is left empty gets what the model fills, unless an empty text is a value.
      if (line[j] === "" && kindOf(inputs[name]) !== "long" && !inputs[name].null) continue;
      const { value, problem } = valueOf(inputs[name], line[j]);
      if (problem) return { problem: "value", at: `${i + 1}, ${name}` };
      row[name] = value;
    }
    rows.push(row);
  }
  return { rows };
}

/** Returns keys from a text with commas, spaces or lines between them. */
export const parseKeys = (text) => text.split(/[\s,;]+/).filter(Boolean)
  .map((one) => (/^-?\d+$/.test(one) && Number.isSafeInteger(Number(one)) ? Number(one) : one));

/** Returns the operation that does something to many rows: `what` is add, edit or delete, `by` keys or filter. */
export function operationOf({ model, what, by, rows, keys, filters, most, values }) {
  if (what === "add") return { _model: model, _action: "add", _items: rows };
  if (by === "filter") {
    return { _model: model, _action: `bulk_${what}`, filters, ...(what === "edit" ? { _set: values } : {}), ...(most ? { _max_affected: most } : {}) };
  }
  return { _model: model, _action: what, _items: what === "delete" ? keys : keys.map((id) => ({ id, ...values })) };
}

/** Returns the next operation of a batch with a name, by which later ones refer to what it gives. */
export function withName(batch, operation) {
  const used = new Set(batch.map((one) => one._name));
  let n = 0;
  const name = () => (n < 26 ? String.fromCharCode(97 + n) : `op${n}`);
  while (used.has(name())) n++;
  return { _name: name(), ...operation };
}
