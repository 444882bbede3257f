// How many rows there are of each value, to narrow a list by a click.

import { useEffect, useState } from "preact/hooks";
import { run } from "./api.js";
import { filterOperators, goodGroups } from "./describe.js";
import { rowsOf, tabulate } from "./rows.js";
import { withKey } from "./query.js";
import { html } from "./ui.js";
import { number, t } from "./words.js";

const MOST = 4;
const VALUES = 8;

/** Returns the paths whose values narrow a list: such as may be grouped and filtered by. */
export function facetPaths(about) {
  const plain = (path) => path in about.fields && filterOperators(about, path).includes("exact");
  return about.aggregates && "count" in about.aggregates ? goodGroups(about).filter(plain).slice(0, MOST) : [];
}

/** Returns the query that counts the values of a path, of the rows that the other filters leave. */
export function counting(query, path) {
  const filters = Object.fromEntries(Object.entries(query.filters ?? {}).filter(([key]) => key !== path));
  const asked = { _model: query._model, _action: "aggregate", group_by: [path], aggregate: ["count"], order_by: ["-count"], limit: VALUES };
  return withKey(query.search ? { ...asked, search: query.search } : asked, "filters", filters);
}

export function Facets({ api, query, about, onChange }) {
  const [found, setFound] = useState({});
  const paths = facetPaths(about);
  useEffect(() => {
    let current = true;
    Promise.all(paths.map(async (path) => {
      const asked = counting(query, path);
      const reply = await run(api, asked);
      return [path, reply.ok ? tabulate(rowsOf(reply.body, asked)).cells : []];
    })).then((all) => current && setFound(Object.fromEntries(all)));
    return () => { current = false; };
  }, [about.model, api.token, JSON.stringify([query.filters, query.search])]);
  const chosen = query.filters ?? {};
  const toggle = (path, value) => {
    const { [path]: old, ...rest } = chosen;
    onChange(withKey(query, "filters", old === value ? rest : { ...rest, [path]: value }));
  };
  return html`<div class="facets">${paths.map((path) => html`<section key=${path} aria-label=${path}>
    <h3>${path}</h3>
    <div class="chips">${(found[path] ?? []).map((row) => html`<button type="button" class="chip" key=${String(row[path])}
      aria-pressed=${chosen[path] === row[path] && path in chosen} onClick=${() => toggle(path, row[path])}>
      ${row[path] === null || row[path] === "" ? t("(empty)") : String(row[path])} <small>${number(row.count)}</small></button>`)}</div>
  </section>`)}</div>`;
}
