import { expect, test } from "vitest";
import { collect, differences, inputsOf, kindOf, textOf, valueOf } from "../src/input.js";
import { bodyOf } from "../src/write.js";
import { spelled } from "../src/query.js";

const text = { type: "text", null: false, schema: { maxLength: 20 } };
test.each([
  [text, "", { value: "" }], [{ ...text, null: true }, "", { value: null }], [{ type: "decimal" }, "1.50", { value: "1.50" }],
  [{ type: "integer" }, "7", { value: 7 }], [{ type: "integer", relation: "x" }, "7", { value: 7 }],
  [{ type: "integer", relation: "x" }, "a-b", { value: "a-b" }], [{ type: "integer", many: true, relation: "x" }, "1, 2", { value: [1, 2] }],
  [{ type: "boolean" }, "false", { value: false }], [{ type: "json" }, "{", { problem: "This is not JSON" }],
  [{ type: "integer" }, "", { value: null }], [{ type: "integer", choices: [{ value: 3, label: "c" }] }, "3", { value: 3 }],
])("%j reads %j", (input, typed, expected) => expect(valueOf(input, typed)).toEqual(expected));

test("only what was touched is sent", () => {
  expect(collect({ a: text, b: { type: "json" } }, { a: "x" })).toEqual({ values: { a: "x" }, problems: {} });
  expect(collect({ b: { type: "json" } }, { b: "[" }).problems).toEqual({ b: ["This is not JSON"] });
});
test("the input of an action is a form", () => {
  const found = inputsOf({ required: ["reason"], properties: {
    reason: { type: "string" }, amount: { anyOf: [{ type: "string", format: "decimal" }, { type: "null" }], default: null }, undo: { type: "boolean" }, kind: { enum: ["a", "b"], type: "string" } } });
  expect(found.reason).toMatchObject({ type: "text", required: true, null: false });
  expect(found.amount).toMatchObject({ type: "decimal", required: false, null: true });
  expect(Object.values(found).map(kindOf)).toEqual(["text", "text", "boolean", "choice"]);
});
test("what differs", () => expect(differences({ a: 1, b: [1], c: 2 }, { a: 1, b: [2] })).toEqual([["b", [1], [2]], ["c", 2, undefined]]));
test("values as texts", () => {
  expect(textOf({ many: true }, [{ id: 1 }, 2])).toBe("1, 2");
  expect(textOf({}, null)).toBe("");
  expect(textOf({}, { a: 1 })).toBe('{"a":1}');
});
test("a file makes a form", () => {
  const form = bodyOf({ title: "x" }, { document: new Blob(["x"]) }, { _dry_run: true });
  expect(JSON.parse(form.get("_data"))).toEqual({ title: "x", _dry_run: true });
});
test("words of an API in camelCase", () => expect(spelled({ _dry_run: true, group_by: "a_b" }, true)).toEqual({ _dryRun: true, groupBy: "a_b" }));
