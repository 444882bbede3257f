// What queries return, by their text. This file has to compile: it is never run.
import { expectTypeOf } from "vitest";
import { createClient } from "./flex/client.js";
import type { Json } from "./flex/client.js";
import { api as ofAgents } from "./flex/agents.js";
import { api as ofManagers } from "./flex/managers.js";
import type { InvoiceAdd, Track } from "./flex/managers.js";

const shop = createClient(ofManagers);
const agents = createClient(ofAgents);
type Item<T> = T extends readonly (infer I)[] ? I : never;

export async function fields() {
  const one = await shop.list("track", { fields: "id, album.title" });
  expectTypeOf(one).toEqualTypeOf<{ id: number; album: { title: string } }[]>();

  // The key is in the rows of a list, named or not; a row alone has what was asked for.
  const named = await shop.list("artist", { fields: "name" });
  expectTypeOf(named).toEqualTypeOf<{ id: number; name: string }[]>();
  const row = await shop.get("artist", 1, { fields: "name" });
  expectTypeOf(row).toEqualTypeOf<{ name: string }>();

  // A foreign key by its second name, which no wildcard covers.
  const key = await shop.list("track", { fields: "id, album_id" });
  expectTypeOf(key).toEqualTypeOf<{ id: number; album_id: number }[]>();
  const grouped = await shop.aggregate("track", { group_by: "album_id" });
  expectTypeOf(grouped).toEqualTypeOf<{ album_id: number; count: number }[]>();

  // A relation that may be missing is null, as one that is hidden from the role.
  const manager = await shop.list("employee", { fields: ["id", "reports_to.last_name", "reports_to.reports_to"] });
  expectTypeOf(manager).toEqualTypeOf<
    { id: number; reports_to: { last_name: string; reports_to: number | null } | null }[]
  >();
  const customer = await agents.list("invoice", { fields: "id, customer.country" });
  expectTypeOf(customer).toEqualTypeOf<{ id: number; customer: { country: string } | null }[]>();
}

export async function wildcards() {
  const all = await shop.list("track");
  expectTypeOf(all).toEqualTypeOf<Track[]>();
  const less = await shop.list("track", {
    fields: "*, -bytes, -composers, -album, -unit_price, -milliseconds, genre.name",
  });
  expectTypeOf(less).toEqualTypeOf<
    { id: number; name: string; media_type: number; genre: { id: number; name: string } }[]
  >();
  const related = await shop.list("album", { fields: "id, artist.*" });
  expectTypeOf(related).toEqualTypeOf<{ id: number; artist: { id: number; name: string } }[]>();
  // What no wildcard covers has to be named.
  const employee = await shop.get("employee", 1);
  expectTypeOf(employee).not.toHaveProperty("born_on");
  const born = await shop.get("employee", 1, { fields: "born_on" });
  expectTypeOf(born).toEqualTypeOf<{ born_on: string }>();
}

export async function names() {
  const renamed = await shop.list("track", {
    fields: "id, label:album.title, record:album.title, record:album.artist.name, kind:genre.*, n:name.len",
  });
  expectTypeOf(renamed).toEqualTypeOf<
    {
      id: number;
      label: string;
      record: { title: string; artist: { name: string } };
      kind: { id: number; name: string };
      n: number;
    }[]
  >();
  const keyed = await shop.list("track", { fields: "id, album, album.title" });
  expectTypeOf(keyed).toEqualTypeOf<{ id: number; album: { id: number; title: string } }[]>();
  const parts = await shop.list("invoice", { fields: "id, invoiced_at.year, composed:invoiced_at.date" });
  expectTypeOf(parts).toEqualTypeOf<{ id: number; invoiced_at: { year: number }; composed: string }[]>();
  const keys = await shop.list("track", { fields: "id, composers.0" });
  expectTypeOf(keys).toEqualTypeOf<{ id: number; composers: { "0"?: Json } }[]>();
  const file = await shop.list("booklet", { fields: "id, document.url" });
  expectTypeOf(file).toEqualTypeOf<{ id: number; document: { url: string | null } | null }[]>();
}

export async function lists() {
  const inside = await shop.list("artist", { fields: "id, albums.title, albums.tracks.name" });
  expectTypeOf(inside).toEqualTypeOf<{ id: number; albums: { title: string; tracks: { name: string }[] }[] }[]>();
  const keys = await shop.list("artist", { fields: "id, albums" });
  expectTypeOf(keys).toEqualTypeOf<{ id: number; albums: number[] }[]>();
  const related = await shop.list("artist", {
    fields: "id",
    related: {
      albums: { fields: "title", order_by: "-title", limit: 1, filters: { "title.icontains": "live" } },
      last: { from: "albums", fields: "title", limit: 1, shape: "list" },
      many: { from: "albums", aggregate: "count, most:title.max" },
    },
    filters: { "many.count.gte": 3 },
    order_by: "-many.count",
  });
  expectTypeOf<Item<typeof related>["albums"]>().toEqualTypeOf<{ title: string }[]>();
  expectTypeOf<Item<typeof related>["last"]["results"]>().toEqualTypeOf<{ title: string }[]>();
  expectTypeOf<Item<typeof related>["many"]>().toEqualTypeOf<{ count: number; most: string | null }>();
  const deep = await shop.get("track", 1, { fields: "name", related: { "album.tracks": { fields: "name" } } });
  expectTypeOf(deep.album.tracks).toEqualTypeOf<{ name: string }[]>();
  const counted = await shop.list("artist", { fields: "id, albums.count, last:albums.title.max" });
  expectTypeOf(counted).toEqualTypeOf<{ id: number; albums: { count: number }; last: string | null }[]>();
}

export async function totals() {
  const total = await agents.aggregate("invoice", { aggregate: "count, total.sum, most:max(total)" });
  expectTypeOf(total).toEqualTypeOf<{ count: number; total: { sum: string | null }; most: string | null }>();
  const groups = await shop.aggregate("invoice", {
    group_by: "customer.country, invoiced_at.year, month:invoiced_at.trunc_month",
    aggregate: "count, lines.count",
    having: { "count.gte": 2 },
    order_by: "-count",
  });
  expectTypeOf(groups).toEqualTypeOf<
    {
      customer: { country: string };
      invoiced_at: { year: number };
      month: string;
      count: number;
      lines: { count: number };
    }[]
  >();
  expectTypeOf(await shop.aggregate("track")).toEqualTypeOf<{ count: number }>();
}

export async function pages() {
  const first = await shop.page("track", { fields: "name", cursor: true, count: true });
  if (first.next) {
    const second = await shop.page("track", first.next);
    expectTypeOf(second.rows).toEqualTypeOf<{ id: number; name: string }[]>();
  }
  for await (const row of shop.rows("track", { fields: "name" })) {
    expectTypeOf(row).toEqualTypeOf<{ id: number; name: string }>();
  }
  // A query that is known only at run time has rows of which nothing is known.
  const text: string = "id";
  const [unknown] = await shop.list("track", { fields: text });
  expectTypeOf(unknown!["id"]).toEqualTypeOf<Json | undefined>();
}

export async function written(values: InvoiceAdd) {
  const added = await shop.add("invoice", values, { fields: "total, customer.country" });
  expectTypeOf(added).toEqualTypeOf<{ total: string; customer: { country: string } }>();
  const edited = await agents.edit("customer", 1, { phone: "1" }, { fields: "phone" });
  expectTypeOf(edited).toEqualTypeOf<{ phone: string }>();
}
