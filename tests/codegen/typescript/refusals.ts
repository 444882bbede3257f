// What does not compile: each line below a `@ts-expect-error` has to be an error. Never run.
import { createClient } from "./flex/client.js";
import { api as ofAnon } from "./flex/anon.js";
import { api as ofAgents } from "./flex/agents.js";
import { api as ofManagers } from "./flex/managers.js";
import { queries } from "./flex/tanstack.js";

const anon = createClient(ofAnon);
const agents = createClient(ofAgents);
const shop = createClient(ofManagers);

export function fields() {
  // @ts-expect-error - no such model
  void anon.list("invoice");
  // @ts-expect-error - no such field
  void anon.list("track", { fields: "id, nme" });
  // @ts-expect-error - excluded for this role
  void anon.list("track", { fields: "id, bytes" });
  // @ts-expect-error - no such field behind a relation
  void anon.list("track", { fields: ["album.artist.nme"] });
  // @ts-expect-error - no such field behind an alias
  void anon.list("track", { fields: "a:album.nme" });
  // @ts-expect-error - no such field in a nested list
  void anon.list("artist", { fields: "albums.nme" });
  // @ts-expect-error - no such field in the query of a nested list
  void anon.list("artist", { related: { albums: { fields: "nme" } } });
  // @ts-expect-error - no such list
  void anon.list("artist", { related: { albms: {} } });
  // @ts-expect-error - no such part
  void anon.list("track", { fields: "name.year" });
  // @ts-expect-error - no such key of a query
  void anon.list("track", { field: "name" });
  // @ts-expect-error - not in the rows
  void anon.list("track", { fields: "name" }).then(([one]) => one.milliseconds);
}

export function filters() {
  void anon.list("track", { filters: { name: "a", "name.len.gte": 2, or: [{ "milliseconds.lt": 1 }, { genre: 1 }] } });
  void shop.list("invoice", { filters: { "invoiced_at.gte": { $now: "-7d" }, "lines.some": { quantity: 1 } } });
  // A relation alone, and the second name of a foreign key.
  void shop.list("invoice", { filters: { refund: null, "lines.in": [1, 2], customer_id: 3, "customer_id.in": [3] } });
  void shop.list("track", { filters: { "album.artist_id": 1 }, order_by: "-album_id" });
  // @ts-expect-error - the wrong type
  void shop.list("invoice", { filters: { refund: "a" } });
  // @ts-expect-error - no foreign key
  void shop.list("invoice", { filters: { total_id: 1 } });
  // @ts-expect-error - no such field
  void anon.list("track", { filters: { nme: "a" } });
  // @ts-expect-error - no such operator
  void anon.list("track", { filters: { "name.year": 2020 } });
  // @ts-expect-error - an operator that is not granted
  void anon.list("track", { filters: { "name.regex": "a" } });
  // @ts-expect-error - equality only
  void anon.list("playlist", { filters: { "tracks.genre.name.icontains": "Jazz" } });
  // @ts-expect-error - the wrong type
  void anon.list("track", { filters: { name: 1 } });
  // @ts-expect-error - the wrong type for the operator
  void anon.list("track", { filters: { "name.in": "a" } });
  // @ts-expect-error - in an alternative
  void anon.list("track", { filters: { or: [{ name: "a" }, { "nme.in": ["a"] }] } });
  // @ts-expect-error - in a negation
  void anon.list("track", { filters: { not: { "milliseconds.icontains": "1" } } });
  // @ts-expect-error - of one and the same related row
  void shop.list("invoice", { filters: { "lines.some": { quantty: 1 } } });
  // @ts-expect-error - no such search
  void anon.list("track", { search: "a" });
}

export function orders() {
  void anon.list("track", { order_by: "-name, milliseconds.nulls_last, album.title" });
  // @ts-expect-error - not granted
  void anon.list("track", { order_by: "unit_price" });
  // @ts-expect-error - only ascending
  void anon.list("track", { order_by: "-album.title" });
  // @ts-expect-error - no such field
  void shop.list("track", { order_by: ["name", "-nme"] });
}

export function totals() {
  // @ts-expect-error - the operation is not granted
  void anon.aggregate("track");
  // @ts-expect-error - the aggregate is not granted
  void agents.aggregate("invoice", { aggregate: "total.avg" });
  // @ts-expect-error - no such field
  void shop.aggregate("invoice", { aggregate: "count", group_by: "contry" });
  void shop.aggregate("invoice", {
    group_by: "customer.country, y:invoiced_at.year, invoiced_at.trunc_month",
    aggregate: "count, paid:total.sum",
    having: {
      "count.gte": 2,
      paid: "1.50",
      "paid.gt": 1,
      "total.avg.lt": 10,
      "customer.country.in": ["a"],
      "customer.country.len.gte": 2,
      "y.gte": 2020,
      "invoiced_at.trunc_month.gte": { $now: "-1y" },
      or: [{ count: 1 }, { not: { "customer.country.icontains": "a" } }],
    },
  });
  // @ts-expect-error - no such aggregate
  void shop.aggregate("invoice", { group_by: "customer.country", having: { "totl.sum": 1 } });
  // @ts-expect-error - a field that the groups are not of
  void shop.aggregate("invoice", { group_by: "customer.country", having: { "invoiced_at.gte": "2020-01-01" } });
  // @ts-expect-error - an aggregate that is not granted
  void agents.aggregate("invoice", { group_by: "customer", having: { "total.avg.gt": 1 } });
  // @ts-expect-error - the wrong type
  void shop.aggregate("invoice", { group_by: "customer.country", having: { "count.gte": "a" } });
  // @ts-expect-error - the wrong type for the operator
  void shop.aggregate("invoice", { group_by: "customer.country", having: { "customer.country.in": "a" } });
  // @ts-expect-error - no such operator
  void shop.aggregate("invoice", { group_by: "customer.country", having: { "count.contains": "1" } });
  // @ts-expect-error - in an alternative
  void shop.aggregate("invoice", { group_by: "customer.country", having: { or: [{ "cnt.gte": 1 }] } });
}

export function writes() {
  void shop.add("playlist", { name: "Sunday" });
  void shop.add("album", { title: "New", artist: { $add: { name: "New" } }, tracks: [{ name: "One", bytes: 1 }] });
  void shop.edit("track", 1, { milliseconds: { $inc: 1 } });
  void shop.edit("track", 1, { album_id: 2 });
  // @ts-expect-error - required
  void shop.add("playlist", {});
  // @ts-expect-error - no such field
  void shop.add("playlist", { name: "Sunday", nme: "a" });
  // @ts-expect-error - the wrong type
  void shop.edit("playlist", 1, { name: 5 });
  // @ts-expect-error - in a row inside the row
  void shop.add("album", { title: "New", artist: 1, tracks: [{ nme: "One" }] });
  // @ts-expect-error - not among what the role may write
  void agents.edit("customer", 1, { last_name: "a" });
  // @ts-expect-error - the operation is not granted
  void agents.add("customer", { phone: "1" });
  // @ts-expect-error - no such field of the reply
  void shop.add("playlist", { name: "Sunday" }, { fields: "nme" });
  // @ts-expect-error - the operation is not granted
  void agents.delete("customer", 1);
}

export function actions() {
  void shop.action("invoice", "refund", { key: 1, input: { reason: "a" } });
  void shop.action("playlist", "archive", { filters: { "name.startswith": "90" }, expect: 2 });
  void shop.action("track", "rebuild_statistics");
  // @ts-expect-error - no such action
  void shop.action("invoice", "refnd", { key: 1, input: { reason: "a" } });
  // @ts-expect-error - not on the model alone
  void shop.action("invoice", "refund", { input: { reason: "a" } });
  // @ts-expect-error - an input is missing
  void shop.action("invoice", "refund", { key: 1 });
  // @ts-expect-error - no such input
  void shop.action("invoice", "refund", { key: 1, input: { reason: "a", amnt: 1 } });
  // @ts-expect-error - no such filter
  void shop.action("playlist", "archive", { filters: { nme: "90" } });
  // @ts-expect-error - not granted
  void agents.action("track", "rebuild_statistics");
}

export function cached() {
  const of = queries(agents);
  // @ts-expect-error - no such field
  void of.list("track", { fields: "nme" });
  // @ts-expect-error - no such filter
  void of.infinite("track", { filters: { nme: 1 } });
  // @ts-expect-error - the operation is not granted
  void of.add({ invalidateQueries: async () => undefined }, "track");
}
