// The query tab: form, editor, results, all of one query.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { send } from "./api.js";
import { Facets, facetPaths } from "./facets.js";
import { makeEditor } from "./editor.js";
import { Form } from "./form.js";
import { Failure, Json, Table } from "./results.js";
import { ChartView } from "./chartview.js";
import { WhyNot } from "./permissions.js";
import { Plan } from "./plan.js";
import { Snippets } from "./snippetview.js";
import { rowsOf, tabulate, toCsv, toNdjson } from "./rows.js";
import { isAggregate, terms, termPath, withKey } from "./query.js";
import { Choice, Copy, download, html, Menu, plural, store, stored } from "./ui.js";
import { number, t, w } from "./words.js";

const VIEWS = [["table", w("Table")], ["chart", w("Chart")], ["json", "JSON"], ["code", w("Code")]];

export function QueryTab({ state, act }) {
  const { query, about, models, summary, reply, running, view, chart } = state;
  const rows = useMemo(() => rowsOf(reply?.ok ? reply.body : null, state.ran), [reply]);
  const asJson = (path) => ["json"].includes(about?.fields[path]?.type);
  const table = useMemo(() => tabulate(rows, asJson), [rows, about?.model, about?.role]);
  // The same element as long as the rows are the same: a thousand of them are not compared at each key that is pressed.
  const rendered = useMemo(() => html`<${Table} table=${table} query=${state.ran} about=${about} models=${models} onChange=${act.change} onOpen=${act.open} />`,
    [table, about, Object.keys(models).length]);
  const [facets, setFacets] = useState(false);
  const listed = reply?.ok && about && state.ran._model === about.model && (state.ran._action ?? "list") === "list" && facetPaths(about).length > 0;
  return html`<div class="query">
    <aside class="builder" aria-label="Query as a form">
      <details open=${!matchMedia("(max-width: 50em)").matches}><summary>Build the query</summary>
        <${Form} query=${query} about=${about} models=${models} summary=${summary} onChange=${act.change} onModel=${act.model} />
      </details>
    </aside>
    <div class="work">
      <${Editor} state=${state} act=${act} />
      <section class="results" aria-label="Results" aria-busy=${running}>
        <${Bar} state=${state} act=${act} rows=${rows} table=${table} facets=${listed ? facets : null} onFacets=${() => setFacets(!facets)} />
        ${facets && listed && html`<${Facets} api=${state.api} query=${state.ran} about=${about} onChange=${act.change} />`}
        ${reply && !reply.ok && html`<${Failure} reply=${reply} onFix=${act.fix} />`}
        ${reply && !reply.ok && state.api.as && html`<${WhyNot} api=${state.api} query=${state.ran} />`}
        ${reply?.ok && view === "table" && (rows.length
          ? rendered
          : html`<p class="empty">No row fits.</p>`)}
        ${reply?.ok && view === "chart" && html`<${ChartView} table=${table} type=${chart.split("~")[0]} measure=${chart.split("~")[1]}
          groups=${isAggregate(state.ran) ? terms(state.ran.group_by).map(termPath) : []}
          skip=${(path) => path === about?.key || path === "id" || (about?.fields[path] && "relation" in about.fields[path])}
          title=${`${t("Chart of {0}", state.ran?._model)}, ${plural(rows.length, "row")}`}
          onType=${(one) => act.chart(`${one}~${chart.split("~")[1] ?? ""}`)} onMeasure=${(one) => act.chart(`${chart.split("~")[0]}~${one}`)} />`}
        ${reply?.ok && view === "json" && html`<${Json} reply=${reply} />`}
        ${view === "plan" && state.ran && html`<${Plan} api=${state.api} query=${state.ran} about=${about} />`}
        ${view === "code" && html`<${Snippets} query=${query} api=${state.api} url=${summary[query._model]?.url} />`}
        ${reply?.ok && html`<${Pages} reply=${reply} query=${state.ran} act=${act} />`}
      </section>
    </div>
  </div>`;
}

function Editor({ state, act }) {
  const host = useRef(null);
  const editor = useRef(null);
  const latest = useRef({});
  latest.current = { state, act };
  useEffect(() => {
    editor.current = makeEditor(host.current, {
      text: state.shown.text,
      context: () => ({ about: latest.current.state.about, models: latest.current.state.models, names: Object.keys(latest.current.state.summary), camel: latest.current.state.api.api?.camel }),
      onChange: (text) => latest.current.act.type(text),
      onRun: () => latest.current.act.run(),
    });
    return () => editor.current.destroy();
  }, []);
  useEffect(() => editor.current.set(state.shown.text), [state.shown]);
  useEffect(() => editor.current.mark(state.problems), [state.problems]);
  return html`<section class="editor" aria-label="Query as JSON">
    <div class="host" ref=${host}></div>
    <div class="bar">
      <button type="button" class="primary" onClick=${act.run} aria-keyshortcuts="Control+Enter">Run <kbd>Ctrl ⏎</kbd></button>
      <span class="problem" role="status">${state.problems[0]
        ? html`${state.problems[0].message} ${state.problems[0].hint ?? ""}
          ${state.problems[0].replacement && html`<button type="button" class="quiet" onClick=${() => act.replace(state.problems[0])}>${t("Use {0}", state.problems[0].replacement)}</button>`}`
        : ""}</span>
      <span class="space"></span>
      <${History} state=${state} act=${act} />
      <${Copy} text=${() => location.href} label="Copy link" />
    </div>
  </section>`;
}

function History({ state, act }) {
  const [saved, setSaved] = useState(() => stored("saved", []));
  const keep = (list) => { setSaved(list); store("saved", list); };
  const past = stored("history", []);
  const shown = (query) => `${query._model ?? "?"} ${terms(query.group_by ?? query.fields).slice(0, 4).join(", ")}`;
  const item = (query, close) => html`<button type="button" class="item" onClick=${() => { act.load(query); close(); }}>${shown(query)}</button>`;
  return html`<${Menu} label="History" right>${(close) => html`
    <form class="save" onSubmit=${(event) => {
      event.preventDefault();
      const name = new FormData(event.currentTarget).get("name").trim();
      if (name) keep([{ name, query: state.query }, ...saved.filter((one) => one.name !== name)]);
      event.currentTarget.reset();
    }}><input name="name" aria-label="Name of this query" placeholder="Save this query as…" /><button type="submit" class="quiet">Save</button></form>
    ${saved.length > 0 && html`<h3>Saved</h3><ul>${saved.map((one) => html`<li key=${one.name}>
      <button type="button" class="item" onClick=${() => { act.load(one.query); close(); }}>${one.name}</button>
      <button type="button" class="quiet" aria-label=${t("Forget {0}", one.name)} onClick=${() => keep(saved.filter((x) => x !== one))}>×</button></li>`)}</ul>`}
    <h3>Last queries</h3>
    <ul>${past.length ? past.map((query, i) => html`<li key=${i}>${item(query, close)}</li>`) : html`<li class="muted">None yet</li>`}</ul>
  `}<//>`;
}

/** Whether this caller may see how a query runs: by the grant, in development, or as an operator. */
const planned = ({ api, about }) => about?.operations.includes("explain") || (api.config.operators && api.config.debug);

function Bar({ state, act, rows, table, facets, onFacets }) {
  const { reply, running, view } = state;
  const total = reply?.body?.pagination?.count;
  return html`<div class="bar">
    <${Choice} label="Show as" options=${VIEWS.concat(planned(state) ? [["plan", "SQL"]] : [])} value=${view} onChange=${act.view} />
    <span class="facts" role="status">${running ? "…" : reply?.ok ? html`
      <b>${plural(rows.length, "row")}</b>${total !== undefined ? ` ${t("of {0}", number(total))}` : ""}
      <span class="muted"> · ${[`${Math.round(reply.ms)} ms`, size(reply.text.length), ...costsOf(reply)].join(" · ")}</span>` : ""}</span>
    <span class="space"></span>
    ${facets !== null && html`<button type="button" class="quiet" aria-pressed=${facets} onClick=${onFacets}>Facets</button>`}
    ${reply?.ok && total === undefined && !isAggregate(state.ran) && state.ran._action !== "get"
      && html`<button type="button" class="quiet" onClick=${() => act.change(withKey(state.query, "count", true))}>Count all</button>`}
    ${reply?.ok && state.ran._action === "get" && state.about?.inputs?.edit
      && html`<button type="button" class="quiet" onClick=${() => act.edit(state.ran._model, String(state.ran._id))}>Edit</button>`}
    ${reply?.ok && rows.length > 0 && html`<${Menu} label="Export" right>${(close) => html`<ul>
      ${[["CSV", () => download(`${state.ran._model}.csv`, "text/csv", toCsv(table))],
        ["NDJSON", () => download(`${state.ran._model}.ndjson`, "application/x-ndjson", toNdjson(rows))],
        ["JSON", () => download(`${state.ran._model}.json`, "application/json", JSON.stringify(rows, null, 2))]]
        .concat(state.about?.operations.includes("export") && (state.ran._action ?? "list") === "list"
          ? [[t("All rows as CSV"), () => saveAll(state, "csv")], [t("All rows as NDJSON"), () => saveAll(state, "ndjson")]] : [])
        .map(([name, save]) => html`<li key=${name}><button type="button" class="item" onClick=${() => { save(); close(); }}>${name}</button></li>`)}
    </ul>`}<//>`}
  </div>`;
}

/** Downloads what the API streams: all rows, not those of a page. */
async function saveAll({ api, ran, summary }, format) {
  const { _model, _action, limit, offset, ...asked } = ran;
  const reply = await send(api, `${summary[_model].url}?q=${encodeURIComponent(JSON.stringify({ ...asked, format }))}`);
  if (reply.ok) download(`${_model}.${format}`, format === "csv" ? "text/csv" : "application/x-ndjson", reply.text);
}

/** Returns what the API tells of how a query ran, to those who may see it. */
function costsOf({ headers }) {
  const cost = headers.get("Flex-Cost");
  const [, run, kept] = /^(\d+); kept=(\d+)$/.exec(headers.get("Flex-Statements") ?? "") ?? [];
  return [
    ...(cost ? [t("cost {0}", number(Number(cost)))] : []),
    ...(run ? [`${plural(Number(run), "statement")}, ${kept === run ? t("kept") : kept === "0" ? t("compiled now") : t("{0} of them kept", kept)}`] : []),
  ];
}

const size = (n) => (n < 10_000 ? t("{0} bytes", number(n)) : `${number(Math.round(n / 1024))} kB`);

function Pages({ reply, query, act }) {
  const page = reply.body?.pagination;
  if (!page || (!page.has_more && !page.offset && !page.prev)) return null;
  const step = (offset) => act.change({ ...query, offset: offset || undefined });
  return html`<nav class="pages" aria-label="Pages">
    <button type="button" class="quiet" disabled=${!page.offset} onClick=${() => step(Math.max(0, page.offset - page.limit))}>← Previous</button>
    <span class="muted">${number(page.offset + 1)} – ${number(page.offset + page.limit)}</span>
    <button type="button" class="quiet" disabled=${!page.has_more} onClick=${() => step(page.offset + page.limit)}>Next →</button>
  </nav>`;
}
