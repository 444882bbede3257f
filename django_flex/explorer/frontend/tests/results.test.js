import { describe, expect, test } from "vitest";
import { rowsOf, tabulate, toCsv } from "../src/rows.js";
import { columnsOf, fitting, layout, seriesOf, shortLabel, ticks } from "../src/chart.js";
import { python, snippets } from "../src/snippets.js";
import { arrange } from "../src/diagram.js";
import { track } from "./model.js";

describe("rows", () => {
  test("in the order of the reply", () => {
    const body = { pagination: { ids: [2, 1] }, results: { 1: { n: "a" }, 2: { n: "b" } } };
    expect(rowsOf(body, {})).toEqual([{ id: 2, n: "b" }, { id: 1, n: "a" }]);
  });
  test("totals, groups, one row", () => {
    expect(rowsOf({ results: { count: 3 } }, { _action: "aggregate" })).toEqual([{ count: 3 }]);
    expect(rowsOf({ id: 1 }, { _action: "get" })).toEqual([{ id: 1 }]);
  });
  test("a relation that is null once has its columns from the others", () => {
    const { columns } = tabulate([{ a: null }, { a: { b: 1, c: { d: 2 } } }, { lines: [{ x: 1 }] }]);
    expect(columns).toEqual(["a.b", "a.c.d", "lines"]);
  });
  test("files and JSON stay whole", () => {
    expect(tabulate([{ f: { url: "/x", name: "x" }, j: { k: 1 } }], (path) => path === "j").columns).toEqual(["f", "j"]);
  });
  test("no cell of CSV is a formula", () => {
    expect(toCsv(tabulate([{ a: "=1+1", b: 'x"y', c: -5, d: "-5.00" }]))).toBe("a,b,c,d\r\n'=1+1,\"x\"\"y\",-5,-5.00\r\n");
  });
});

describe("charts", () => {
  const table = tabulate([{ country: "USA", total: "10.50", n: 2 }, { country: "Canada", total: "4.00", n: 1 }]);
  test("texts of exact numbers are numbers", () => {
    const found = columnsOf(table, ["country"]);
    expect(found).toEqual({ dimensions: ["country"], measures: ["total", "n"] });
    expect(fitting(table, found)).toEqual(["bar", "line", "pie", "scatter"]);
    expect(seriesOf(table, found)).toMatchObject({ labels: ["USA", "Canada"], series: [{ values: [10.5, 4] }], decimals: 2 });
  });
  test("times are a line", () => {
    const times = tabulate([{ m: "2026-01-01T00:00:00Z", n: 1 }, { m: "2026-02-01T00:00:00Z", n: 3 }]);
    expect(fitting(times, columnsOf(times, ["m"]))[0]).toBe("line");
    expect(shortLabel("2026-02-01T00:00:00Z")).toBe("Feb 2026");
  });
  test("two groups are several series", () => {
    const two = tabulate([{ a: "x", b: "1", n: 1 }, { a: "x", b: "2", n: 2 }, { a: "y", b: "1", n: 3 }]);
    const { series } = seriesOf(two, { dimensions: ["a", "b"], measures: ["n"] });
    expect(series.map((one) => one.values)).toEqual([[1, 3], [2, NaN]]);
  });
  test("nothing to draw", () => expect(fitting(tabulate([{ a: "x" }]), columnsOf(tabulate([{ a: "x" }])))).toEqual([]));
  test("marks are within the chart", () => {
    for (const type of ["bar", "line", "pie"]) {
      const drawn = layout(type, { labels: ["a", "b"], series: [{ name: "n", values: [-3, 9] }], times: false, decimals: 0 });
      for (const one of drawn.marks.filter((mark) => mark.kind === "bar")) {
        expect(one.y).toBeGreaterThanOrEqual(0);
        expect(one.y + one.height).toBeLessThanOrEqual(drawn.height);
      }
      expect(JSON.stringify(drawn)).not.toContain("null,null");
    }
  });
  test("round numbers", () => expect(ticks(0, 93)).toEqual([0, 20, 40, 60, 80, 100]));
});

describe("snippets", () => {
  const query = { _model: "track", fields: ["name"], filters: { name: "it's", live: true, x: null }, limit: 3 };
  const code = Object.fromEntries(snippets(query, { url: "http://x/api/", token: true, path: "/api/tracks/" }).map(([name, , text]) => [name, text]));
  test("a quote does not end the argument", () => expect(code.curl).toContain("it'\\''s"));
  test("a token is named, not shown", () => expect(code.curl).toContain("Bearer $TOKEN"));
  test("Python's words", () => expect(python(query.filters)).toBe('{"name": "it\'s", "live": True, "x": None}'));
  test("the clients' words", () => {
    expect(code["Python client"]).toContain('client.collection("tracks")\n        .fields("name")');
    expect(code.TypeScript).toContain('client.list("track", ');
    expect(code.FlexQuery).toContain('FlexQuery("track")');
  });
});

test("the diagram has a line for each foreign key", () => {
  const album = { model: "album", fields: { id: {} }, relations: { track: { model: "track", many: true } } };
  const { boxes, lines } = arrange({ track, album });
  expect(boxes.map((one) => one.name)).toEqual(["album", "track"]);
  expect(lines.map((one) => [one.from, one.path, one.to])).toEqual([["track", "album", "album"]]);
});
