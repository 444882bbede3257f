import { expect, test } from "vitest";
import { complete, documentation } from "../src/completion.js";
import { models, track } from "./model.js";

const labels = (marked) => {
  const at = marked.indexOf("|");
  return complete(marked.replace("|", ""), at, { about: track, models, names: ["track", "tag"] })?.options.map((one) => one.label);
};

test("keys of the language", () => expect(labels('{"|"}')).toContain("order_by"));
test("names of models", () => expect(labels('{"_model": "|"}')).toEqual(["track", "tag"]));
test("fields, also of lists", () => {
  const found = labels('{"_model": "track", "fields": ["|"]}');
  expect(found).toEqual(expect.arrayContaining(["name", "album.title", "tags.word", "*"]));
  expect(found).not.toContain("tags.name");
});
test("filters with the operators that are granted", () => {
  const found = labels('{"_model": "track", "filters": {"|"}}');
  expect(found).toEqual(expect.arrayContaining(["name", "name.icontains", "or", "milliseconds.gte", "album.artist.name"]));
  expect(found).not.toContain("name.regex");
  expect(found).not.toContain("id");
});
test("filters within a combination", () => expect(labels('{"_model": "track", "filters": {"or": [{"|')).toContain("name"));
test("orders in the granted directions", () => expect(labels('{"order_by": ["|"]}')).toEqual(["name", "-name"]));
test("choices", () => expect(labels('{"filters": {"kind": "|"}}')).toEqual(["s"]));
test("booleans", () => expect(labels('{"filters": {"live": |}}')).toEqual(["true", "false"]));
test("dates relative to now", () => expect(labels('{"filters": {"added.gte": |}}')[0]).toBe('{"$now":"-7d"}'));
test("aggregates and groups", () => {
  expect(labels('{"aggregate": ["|"]}')).toEqual(["count", "milliseconds.sum", "id.sum"]);
  expect(labels('{"group_by": ["|"]}')).toContain("added.trunc_month");
});
test("nothing of a model that is not described", () => expect(labels('{"_model": "secret", "related": {"x": {"|"}}}')).toContain("fields"));
test("an option without quotes gets them", () => {
  const found = complete('{"fields": []}', 12, { about: track, models, names: [] });
  expect(found.options[0].apply).toMatch(/^"/);
});
test("documentation has the help as it is", () => {
  expect(documentation(track, "milliseconds", track.fields.milliseconds)).toContain("In <b>ms</b>");
});
