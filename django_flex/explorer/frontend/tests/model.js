// Descriptions as OPTIONS gives them.
const text = { type: "text", null: false, operators: ["exact", "icontains"], label: "name" };
export const track = {
  model: "track", key: "id", label: "track", label_plural: "tracks", role: "anon", operations: ["get", "list"],
  fields: {
    album: { type: "integer", null: true, relation: "album", operators: ["exact"], label: "album" },
    "album.title": { ...text, label: "title" },
    "album.id": { type: "integer", null: false, operators: [], label: "ID" },
    id: { type: "integer", null: false, operators: [], label: "ID" },
    name: text,
    milliseconds: { type: "integer", null: false, operators: ["exact", "gte"], label: "length", help: "In <b>ms</b>" },
    live: { type: "boolean", null: false, operators: ["exact"], label: "live" },
    kind: { type: "text", null: false, operators: ["exact"], label: "kind", choices: [{ value: "s", label: "Song" }] },
    added: { type: "datetime", null: false, operators: ["exact", "gte"], label: "added" },
  },
  relations: { album: { model: "album", many: false, label: "album" }, tags: { model: "tag", many: true, label: "tags" } },
  filters: ["name.*", "album", "album.title.*", "album.artist.name.icontains", "milliseconds.*"],
  order_by: ["name", "-name"], group_by: ["kind", "added.trunc_month", "name", "id"],
  aggregates: { count: "integer", "milliseconds.sum": "integer", "id.sum": "integer" },
  limits: { default: 50, max: 200 },
};
export const tag = { model: "tag", key: "id", fields: { id: { type: "integer" }, word: { type: "text" } }, relations: {} };
export const models = { track, tag };
