import { describe, expect, test } from "vitest";
import { locate, parseQuery, read } from "../src/json.js";

const at = (marked) => { const pos = marked.indexOf("|"); return read(marked.replace("|", ""), pos).cursor; };

describe("where the cursor is", () => {
  test.each([
    ['{"fie|"}', { kind: "key", path: [], text: "fie" }],
    ['{"fields": ["na|me"]}', { kind: "value", path: ["fields", 0], text: "na" }],
    ['{"fields": [|]}', { kind: "value", path: ["fields"], bare: true }],
    ['{"filters": {"or": [{"name.i|"', { kind: "key", path: ["filters", "or", 0], text: "name.i" }],
    ['{"filters": {"done": t|}}', { kind: "value", path: ["filters", "done"], bare: true, text: "t" }],
    ["{|}", { kind: "key", path: [], bare: true }],
  ])("%s", (text, expected) => expect(at(text)).toMatchObject(expected));
});

describe("where an error is", () => {
  const text = '{"_model": "track", "fields": ["nam", "album.nam"], "filters": {"or": [{"nam": 1}], "name.icontain": "x"}}';
  const shown = (path, name) => { const { from, to } = locate(text, path, name); return text.slice(from, to); };
  test("a name in a list", () => expect(shown("fields", "nam")).toBe("nam"));
  test("a path in a list", () => expect(shown("fields", "album.nam")).toBe("album.nam"));
  test("a key of a condition in a list", () => expect(shown("filters.or[0].nam")).toBe('"nam"'));
  test("a key with dots", () => expect(shown("filters.name.icontain")).toBe('"name.icontain"'));
  test("a key that is not there", () => expect(locate("{}", "fields", "x")).toEqual({ from: 0, to: 2 }));
  test("a name in a comma list", () => {
    const list = '{"fields": "id, nam"}';
    const { from, to } = locate(list, "fields", "nam");
    expect(list.slice(from, to)).toBe("nam");
  });
});

describe("what is no query", () => {
  test.each([
    ['{"a": }', "A value is missing"], ['{"a" 1}', "':' is missing after the name"], ['{"a": "x}', "This text has no closing quote"],
    ["[1]", "A query is an object"], ['{"a": 1,}', "This comma is too much"], ["{} x", "Nothing may follow the query"],
    ["{a: 1}", "A name in double quotes is needed"], ['{"a": [1}', "']' is missing"], ["", "A value is missing"],
  ])("%s", (text, message) => expect(parseQuery(text).problem.message).toBe(message));
  test("any beginning of a query is read without an end", () => {
    const text = '{"filters": {"or": [{"a\\"b.in": [1, null, "x"]}], "c": {"$now": "-7d"}}, "limit": 3}';
    for (let i = 0; i <= text.length; i++) expect(() => read(text.slice(0, i), i)).not.toThrow();
    expect(parseQuery(text).query.limit).toBe(3);
  });
});
