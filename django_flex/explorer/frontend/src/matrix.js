// The matrix of flex_matrix, as it is shown: cells, and all that one of them opens.

import { t } from "./words.js";

const SHORT = { get: "get", list: "list", add: "add", edit: "edit", delete: "delete", aggregate: "sum", explain: "plan", export: "export" };

/** Returns what a cell shows: operations, and whether rules narrow the rows. */
export function summaryOf(cell) {
  if (!cell) return { operations: [], narrowed: false };
  const names = cell.openings.filter((one) => one.clause === "operation").flatMap((one) => one.names);
  const actions = cell.openings.filter((one) => one.clause === "action").flatMap((one) => one.names);
  const known = Object.keys(SHORT).filter((name) => names.includes(name)).map((name) => SHORT[name]);
  const others = names.filter((name) => !(name in SHORT));
  return { operations: [...known, ...others, ...actions.map((name) => `▸ ${name}`)], narrowed: cell.rules.rows !== "all" };
}

/** Returns [[clause, [{path, values, by}]]] of a cell, in the order of the matrix. */
export function openingsOf(cell) {
  const found = new Map();
  for (const one of cell.openings) {
    const lines = found.get(one.clause) ?? [];
    for (const name of one.names) lines.push({ path: `${one.inside ?? ""}${one.at ?? ""}${name}`, values: one.values ?? [], by: one.by ?? [] });
    found.set(one.clause, lines);
  }
  return [...found];
}

/** Returns what to think about in a plan: tables that are read as a whole, filters without an index. */
export function hintsOf(plan) {
  const found = [];
  for (const one of plan.statements ?? []) {
    const text = typeof one.database === "string" ? one.database : JSON.stringify(one.database ?? "");
    for (const [, table] of text.matchAll(/\bSCAN (?!CONSTANT|flex_)(?:TABLE )?"?(\w+)"?(?! USING)/g)) found.push(t("{0}: reads all of {1}", one.reads, table));
    if (/"Node Type":\s*"Seq Scan"/.test(text) && /"Filter"/.test(text)) found.push(t("{0}: filters after reading a whole table", one.reads));
    if (/"access_type":\s*"ALL"/.test(text)) found.push(t("{0}: reads a whole table", one.reads));
    if (/USE TEMP B-TREE FOR ORDER BY/.test(text)) found.push(t("{0}: sorts without an index", one.reads));
  }
  return [...new Set(found)].map((line) => `${line}. ${t("An index on what is filtered and sorted by may help, if the table is large.")}`);
}
