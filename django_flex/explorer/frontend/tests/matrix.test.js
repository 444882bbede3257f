import { expect, test } from "vitest";
import { hintsOf, openingsOf, summaryOf } from "../src/matrix.js";
import { laidOut } from "../src/plan.js";

const cell = { granted_as: "a", rules: { rows: "{'x': 1}" }, findings: [], openings: [
  { clause: "operation", names: ["list"], by: ["here"] }, { clause: "operation", names: ["get"] },
  { clause: "field", names: ["a", "b"], at: "customer." }, { clause: "action", names: ["refund"] }] };

test("a cell says what may be done, in the usual order", () => {
  expect(summaryOf(cell)).toEqual({ operations: ["get", "list", "▸ refund"], narrowed: true });
  expect(summaryOf(undefined)).toEqual({ operations: [], narrowed: false });
});
test("what a cell opens, with its reasons", () => {
  const [[clause, lines], [, fields]] = openingsOf(cell);
  expect([clause, lines[0].by]).toEqual(["operation", ["here"]]);
  expect(fields.map((one) => one.path)).toEqual(["customer.a", "customer.b"]);
});
test.each([
  ["SCAN shop_track", "reads all of shop_track"], [[{ Plan: { "Node Type": "Seq Scan", Filter: "x" } }], "filters after reading"],
  [{ query_block: { table: { access_type: "ALL" } } }, "reads a whole table"],
])("%j is to think about", (database, hint) => expect(hintsOf({ statements: [{ reads: "rows", database }] })[0]).toContain(hint));
test("an index is nothing to think about", () => {
  expect(hintsOf({ statements: [{ reads: "rows", database: "SEARCH shop_track USING INDEX x" }, { database: null }] })).toEqual([]);
});
test("a line for each clause", () => expect(laidOut("SELECT 1 FROM a WHERE b = %s ORDER BY c")).toBe("SELECT 1\nFROM a\nWHERE b = %s\nORDER BY c"));
