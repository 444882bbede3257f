import { describe, expect, test } from "vitest";
import { operationOf, parseKeys, parseRows, withName } from "../src/several.js";

const INPUTS = {
  name: { type: "text", schema: { maxLength: 100 } }, milliseconds: { type: "integer" },
  album: { type: "integer", relation: "album", null: true }, notes: { type: "text" },
};

describe("rows that were pasted", () => {
  test.each([
    ["name,milliseconds\nOne,1\nTwo,2\n", [{ name: "One", milliseconds: 1 }, { name: "Two", milliseconds: 2 }]],
    ["name\talbum\nOne\t5\nTwo\t\n", [{ name: "One", album: 5 }, { name: "Two", album: null }]],
    ['name;notes\n"a;""b""\nc";\n', [{ name: 'a;"b"\nc', notes: "" }]],
    ["name,milliseconds\r\nOne,\r\n", [{ name: "One" }]],
    ['[{"name": "x"}]', [{ name: "x" }]],
    ['{"name": "x"}', [{ name: "x" }]],
  ])("%j", (text, rows) => expect(parseRows(text, INPUTS)).toEqual({ rows }));

  test.each([
    ["", { problem: "none" }], ["name", { problem: "none" }], ["[1]", { problem: "objects" }], ["[", { problem: "json" }],
    ['name\n"x', { problem: "quote" }], ["nam\nx", { problem: "name", at: "nam" }], ["name,notes\nx", { problem: "width", at: 1 }],
    ["name,milliseconds\nx,1\ny,z", { problem: "value", at: "2, milliseconds" }],
  ])("%j is told", (text, found) => expect(parseRows(text, INPUTS)).toEqual(found));
});

test("keys are what stands between separators", () => {
  expect(parseKeys("1, 2;3\n a-b 99999999999999999999")).toEqual([1, 2, 3, "a-b", "99999999999999999999"]);
});

test("an operation on many rows", () => {
  const one = { model: "track", keys: [1, 2], values: { name: "x" }, filters: { id: 1 }, most: 5, rows: [{}] };
  expect(operationOf({ ...one, what: "add", by: "rows" })).toEqual({ _model: "track", _action: "add", _items: [{}] });
  expect(operationOf({ ...one, what: "edit", by: "keys" })._items).toEqual([{ id: 1, name: "x" }, { id: 2, name: "x" }]);
  expect(operationOf({ ...one, what: "delete", by: "keys" })).toEqual({ _model: "track", _action: "delete", _items: [1, 2] });
  expect(operationOf({ ...one, what: "edit", by: "filter" })).toEqual(
    { _model: "track", _action: "bulk_edit", filters: { id: 1 }, _set: { name: "x" }, _max_affected: 5 });
  expect(operationOf({ ...one, what: "delete", by: "filter" })).toEqual(
    { _model: "track", _action: "bulk_delete", filters: { id: 1 }, _max_affected: 5 });
});

test("operations of a batch have names of their own", () => {
  expect(withName([{ _name: "a" }, { _name: "c" }], { _model: "x" })).toEqual({ _name: "b", _model: "x" });
});
