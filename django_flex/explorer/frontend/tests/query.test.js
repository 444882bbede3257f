import { expect, test } from "vitest";
import { filterRows, filtersOf, indent, spelled, summarised, terms, withKey, plainly } from "../src/query.js";
import { spoken } from "../src/form.js";
import { childrenOf, firstQuery, goodGroups, goodMeasures } from "../src/describe.js";
import { counting, facetPaths } from "../src/facets.js";
import { format, parse } from "../src/address.js";
import { models, track } from "./model.js";

test("filters survive the form", () => {
  const filters = { name: "x", "milliseconds.gte": 5, or: [{ name: "y" }], "album.title": "z" };
  const rows = filterRows(filters, (path, one) => path === "milliseconds" && one === "gte");
  expect(rows[1]).toEqual({ path: "milliseconds", operator: "gte", value: 5 });
  expect(filtersOf(rows)).toEqual(filters);
});
test("terms of either form", () => {
  expect(terms("a, b.c")).toEqual(["a", "b.c"]);
  expect(terms(["a"])).toEqual(["a"]);
  expect(terms(undefined)).toEqual([]);
});
test("a changed query begins at its first page", () => {
  expect(withKey({ _model: "a", offset: 20, limit: 5 }, "fields", ["x"])).toEqual({ _model: "a", fields: ["x"], limit: 5 });
  expect(Object.keys(withKey({ limit: 5, _model: "a" }, "filters", { x: 1 }))).toEqual(["_model", "filters", "limit"]);
});
test("summarising keeps the filters", () => {
  const query = { _model: "track", fields: ["name"], filters: { name: "x" }, order_by: ["name"] };
  expect(summarised(query, true, {})).toEqual({ _model: "track", _action: "aggregate", aggregate: ["count"], filters: { name: "x" }, limit: 50 });
});
test("camelCase", () => expect(spelled({ order_by: "x", limit: 1 }, true)).toEqual({ orderBy: "x", limit: 1 }));
test("JSON as people write it is the same JSON", () => {
  const query = { a: ["x".repeat(50), "y".repeat(50)], b: { c: { d: [] } }, e: null, f: "\n\"" };
  expect(JSON.parse(indent(query))).toEqual(query);
});
test("the first query has names instead of keys", () => {
  expect(firstQuery(track, models).fields.slice(0, 2)).toEqual(["name", "album.title"]);
});
test("groups and measures that say something come first", () => {
  expect(goodGroups(track)).toEqual(["kind", "added.trunc_month", "name"]);
  expect(goodMeasures(track)).toEqual(["count", "milliseconds.sum"]);
});
test("children of a list come from its model", () => expect(childrenOf(track, "tags", models)).toEqual(["tags.id", "tags.word"]));
test("an address is read as it was written", () => {
  const shown = { tab: "models", query: { _model: "x", filters: { a: "&#=" } }, view: "chart", chart: "bar~x", model: "y", version: "v2" };
  expect(parse(format(shown))).toEqual(shown);
});
test("an address that was cut is none", () => expect(parse('#q={"a"').query).toBe(null));
test("facets count by values that may be filtered by, without their own filter", () => {
  expect(facetPaths(track)).toEqual(["kind", "name"]);
  expect(counting({ _model: "track", fields: ["x"], filters: { kind: "s", name: "y" }, limit: 3 }, "kind")).toEqual({
    _model: "track", _action: "aggregate", group_by: ["kind"], aggregate: ["count"], order_by: ["-count"], limit: 8, filters: { name: "y" } });
});

test("an API in camelCase is asked and shown in its own words", () => {
  const query = { _model: "a", group_by: ["invoicedAt.truncMonth"], order_by: ["-a"], _batch: [{ _dry_run: true }] };
  const sent = spelled(query, true);
  expect(sent).toEqual({ _model: "a", groupBy: ["invoicedAt.truncMonth"], orderBy: ["-a"], _batch: [{ _dryRun: true }] });
  expect(plainly({ _model: "a", groupBy: ["x"], order_by: ["y"] })).toEqual({ _model: "a", group_by: ["x"], order_by: ["y"] });
  expect(spoken("invoicedAt.truncMonth")).toBe("invoiced at: month");
  expect(spoken("billingCountry")).toBe("billing country");
});
