// The current query as code for other places.

import { indent, spelled, terms } from "./query.js";

const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const under = (text, by) => text.replaceAll("\n", `\n${by}`);

/** Returns JSON as a literal of Python. */
export function python(value, before = "") {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const next = `${before}    `;
  const list = Array.isArray(value);
  const parts = list
    ? value.map((one) => python(one, next))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${python(one, next)}`);
  const [open, close] = list ? "[]" : "{}";
  const short = `${open}${parts.join(", ")}${close}`;
  if (short.length + before.length < 80 && !short.includes("\n")) return short;
  return `${open}\n${parts.map((one) => `${next}${one},\n`).join("")}${before}${close}`;
}

/** Returns [[name, language, code]] of a query. `url` is that of the API, `token` whether one is sent. */
export function snippets(query, { url, token, path, camel = false }) {
  const sent = spelled(query, camel);
  const { _model, ...rest } = sent;
  const body = indent(sent);
  return [
    ["curl", "shell", curl(url, token, body)],
    ["fetch", "javascript", fetchCode(url, token, body)],
    ["TypeScript", "typescript", typescript(url, sent)],
    // The client speaks to APIs in snake_case only.
    ...(camel ? [] : [["Python client", "python", pythonClient(url, token, query, path)]]),
    ["FlexQuery", "python", `from django_flex import FlexQuery\n\nresult = FlexQuery(${JSON.stringify(_model)}).execute(\n    ${python(rest, "    ")},\n    user=request.user,\n)\nif result.ok:\n    rows = result.to_dict()["results"]\n`],
  ];
}

function curl(url, token, body) {
  const header = token ? " \\\n  -H \"Authorization: Bearer $TOKEN\"" : "";
  return `curl -X QUERY ${shell(url)}${header} \\\n  -H 'Content-Type: application/json' \\\n  -d ${shell(body)}\n`;
}

function fetchCode(url, token, body) {
  const header = token ? "\n    Authorization: `Bearer ${token}`," : "";
  return `const response = await fetch(${JSON.stringify(url)}, {
  method: "QUERY", // or POST, where something on the way does not know QUERY
  headers: {${header}
    "Content-Type": "application/json",
  },
  body: JSON.stringify(${under(body, "  ")}),
});
const { results, pagination } = await response.json();
`;
}

function typescript(url, { _model, _action, _id, ...rest }) {
  const found = new URL(url);
  const base = found.pathname === "/api/" ? found.origin : url;
  const call = { aggregate: "aggregate", get: "get" }[_action] ?? "list";
  const key = call === "get" ? `${JSON.stringify(_id)}, ` : "";
  return `// flex/ is written by: manage.py flex_types typescript --output flex
import { createClient } from "./flex/client";
import { api } from "./flex/role";

const client = createClient(api, { baseUrl: ${JSON.stringify(base)} });
const found = await client.${call}(${JSON.stringify(_model)}, ${key}${indent(rest)});
`;
}

/** Returns a term of `aggregate` as an argument of the Python client. */
function measure(term) {
  const [, alias, path] = /^(?:(\w+):)?(.*)$/.exec(term);
  const cut = path.lastIndexOf(".");
  const made = cut < 0 ? `Agg.${path}()` : `Agg.${path.slice(cut + 1)}(${JSON.stringify(path.slice(0, cut))})`;
  return alias ? `${alias}=${made}` : made;
}

function pythonClient(url, token, { _model, _action, _id, ...query }, path) {
  const name = path?.split("/").filter(Boolean).at(-1) ?? _model;
  const list = (key) => terms(query[key]).map((one) => JSON.stringify(one)).join(", ");
  const steps = [`client.collection(${JSON.stringify(name)})`];
  if (query.fields && list("fields") !== '"*"') steps.push(`.fields(${list("fields")})`);
  if (query.filters) steps.push(`.filter(${python(query.filters, "        ")})`);
  if (query.search) steps.push(`.search(${JSON.stringify(query.search)})`);
  if (query.group_by) steps.push(`.group_by(${list("group_by")})`);
  if (query.aggregate) {
    const measures = terms(query.aggregate).map(measure);
    steps.push(`.aggregate(${measures.sort((a, b) => a.includes("=") - b.includes("=")).join(", ")})`);
  }
  if (query.order_by) steps.push(`.order_by(${list("order_by")})`);
  if (query.limit !== undefined) steps.push(`.limit(${query.limit})`);
  if (query.offset) steps.push(`.offset(${query.offset})`);
  const names = query.aggregate ? "Agg, Client" : "Client";
  const login = token ? "StaticToken, " : "";
  const last = _action === "get" ? `.get(${python(_id)})` : ".list()";
  return `from django_flex.client import ${[...names.split(", "), ...(login ? ["StaticToken"] : [])].join(", ")}

with Client(${JSON.stringify(url)}${token ? ", auth=StaticToken(token)" : ""}) as client:
    found = (
        ${[...steps, last].join("\n        ")}
    )
print(found)
`;
}
