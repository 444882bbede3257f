// The query as a form: a tree of fields, filters with typed inputs, groups, order.

import { useState } from "preact/hooks";
import {
  canFilter, canSort, childrenOf, filterOperators, filterPaths, goodGroups, goodMeasures, isTime, labelOf, own, orders,
} from "./describe.js";
import { filterRows, filtersOf, isAggregate, outputOf, RANGES, snakeCase, summarised, termPath, terms, withKey } from "./query.js";
import { firstQuery } from "./describe.js";
import { html } from "./ui.js";
import { t, w } from "./words.js";

export function Form({ query, about, models, summary, onChange, onModel }) {
  const listable = Object.entries(summary).filter(([, one]) => one.operations.includes("list"));
  return html`<div class="form">
    <${Models} models=${listable} value=${query._model} onModel=${onModel} />
    ${about && html`
      ${(about.group_by || about.aggregates) && html`<${Mode} query=${query} about=${about} models=${models} onChange=${onChange} />`}
      ${isAggregate(query)
        ? html`<${Groups} query=${query} about=${about} onChange=${onChange} />`
        : html`<${Fields} query=${query} about=${about} models=${models} onChange=${onChange} />`}
      <${Filters} query=${query} about=${about} onChange=${onChange} />
      <${Order} query=${query} about=${about} onChange=${onChange} />
    `}
  </div>`;
}

function Models({ models, value, onModel }) {
  return html`<section aria-labelledby="models-heading">
    <h2 id="models-heading">Data</h2>
    <div class="models">
      ${models.map(([name]) => html`<button type="button" key=${name} aria-pressed=${name === value}
        onClick=${() => onModel(name)}>${name}</button>`)}
    </div>
  </section>`;
}

function Mode({ query, about, models, onChange }) {
  const on = isAggregate(query);
  const set = (to) => to !== on && onChange(summarised(query, to, firstQuery(about, models)));
  return html`<div class="choice wide" role="group" aria-label="Rows or summary">
    <button type="button" aria-pressed=${!on} onClick=${() => set(false)}>Rows</button>
    <button type="button" aria-pressed=${on} onClick=${() => set(true)}>Summarise</button>
  </div>`;
}

function Fields({ query, about, models, onChange }) {
  const chosen = terms(query.fields ?? "*");
  const set = (path, on) => onChange(withKey(query, "fields",
    on ? [...chosen.filter((one) => one !== "*"), path] : chosen.filter((one) => one !== path)));
  const relations = Object.entries(about.relations ?? {}).filter(([name]) => own(name));
  const single = new Set(relations.filter(([, one]) => !one.many).map(([name]) => name));
  const plain = Object.keys(about.fields).filter((path) => own(path) && !single.has(path));
  return html`<section aria-labelledby="fields-heading">
    <h2 id="fields-heading">Fields</h2>
    <ul class="tree">
      ${plain.map((path) => html`<${Leaf} key=${path} path=${path} label=${path} about=${about} chosen=${chosen} set=${set} />`)}
      ${relations.map(([name, one]) => html`<${Branch} key=${name} name=${name} relation=${one} about=${about}
        models=${models} chosen=${chosen} set=${set} />`)}
    </ul>
  </section>`;
}

function Leaf({ path, label, about, chosen, set }) {
  const field = about.fields[path];
  return html`<li><label class="check" title=${labelOf(about, path)}>
    <input type="checkbox" checked=${chosen.includes(path) || (chosen.includes("*") && own(path))}
      onChange=${(event) => set(path, event.currentTarget.checked)} />
    <span>${label}</span><small>${field?.type}</small></label></li>`;
}

function Branch({ name, relation, about, models, chosen, set }) {
  const inside = chosen.some((one) => one.startsWith(`${name}.`));
  const [open, setOpen] = useState(false);
  const shown = open || inside;
  const key = models[relation.model]?.key;
  const children = childrenOf(about, name, models).filter((path) => !(name in about.fields && path === `${name}.${key}`));
  if (!children.length) {
    return name in about.fields
      ? html`<${Leaf} path=${name} label=${name} about=${about} chosen=${chosen} set=${set} />` : null;
  }
  return html`<li>
    <button type="button" class="branch" aria-expanded=${shown} onClick=${() => setOpen(!shown)}>
      <span class="twist" aria-hidden="true"></span><span>${name}</span><small>${relation.many ? t("list") : relation.model ?? ""}</small></button>
    ${shown && html`<ul>
      ${name in about.fields && html`<${Leaf} path=${name} label=${t("key")} about=${about} chosen=${chosen} set=${set} />`}
      ${children.map((path) => html`<${Leaf} key=${path} path=${path} label=${path.slice(name.length + 1)}
        about=${about} chosen=${chosen} set=${set} />`)}
    </ul>`}
  </li>`;
}

function Chips({ label, options, chosen, toggle, more }) {
  const [all, setAll] = useState(false);
  const shown = [...new Set([...chosen, ...options.slice(0, 6), ...(all ? more : [])])];
  return html`<div class="chips" role="group" aria-label=${label}>
    ${shown.map((one) => html`<button type="button" class="chip" key=${one} aria-pressed=${chosen.includes(one)}
      onClick=${() => toggle(one)}>${spoken(one)}</button>`)}
    ${more.length > shown.length && html`<button type="button" class="link" onClick=${() => setAll(true)}>more…</button>`}
  </div>`;
}

const PARTS = { trunc_month: w("month"), trunc_year: w("year"), trunc_day: w("day"), trunc_week: w("week"), trunc_quarter: w("quarter") };
const FUNCTIONS = { sum: w("sum of {0}"), avg: w("average of {0}"), max: w("greatest {0}"), min: w("least {0}"), count: w("number of {0}") };

/** Returns a group or measure as people say it. */
export function spoken(term) {
  const path = termPath(term);
  if (path === "count") return t("count");
  const cut = path.lastIndexOf(".");
  const last = snakeCase(path.slice(cut + 1));
  const rest = inWords(path.slice(0, cut));
  if (FUNCTIONS[last]) return t(FUNCTIONS[last], rest);
  if (PARTS[last]) return `${rest}: ${t(PARTS[last])}`;
  return inWords(path);
}

const inWords = (path) => snakeCase(path).replaceAll("_", " ").replaceAll(".", " › ");

function Groups({ query, about, onChange }) {
  const groups = terms(query.group_by);
  const measures = terms(query.aggregate);
  const toggle = (key, list) => (one) => onChange(ordered(withKey(query, key,
    list.includes(one) ? list.filter((x) => x !== one) : [...list, one])));
  return html`<section aria-labelledby="groups-heading"><h2 id="groups-heading">Group by</h2>
    <${Chips} label="Group by" options=${goodGroups(about)} more=${about.group_by ?? []} chosen=${groups}
      toggle=${toggle("group_by", groups)} /></section>
  <section aria-labelledby="measures-heading"><h2 id="measures-heading">Measure</h2>
    <${Chips} label="Measure" options=${goodMeasures(about)} more=${Object.keys(about.aggregates ?? {})} chosen=${measures}
      toggle=${toggle("aggregate", measures)} /></section>`;
}

/** Returns a summary in the order that people look for: the largest first, times one after the other. */
function ordered(query) {
  const groups = terms(query.group_by);
  const measures = terms(query.aggregate);
  if (!groups.length) return withKey(query, "order_by", undefined);
  const time = groups.find((one) => /\.(trunc_?\w+|year|month|date|day)$/.test(one));
  const largest = measures.at(-1);
  return withKey(query, "order_by", time ? [time] : largest ? [`-${outputOf(largest)}`] : undefined);
}

function Filters({ query, about, onChange }) {
  const isOperator = (path, one) => filterOperators(about, path).includes(one);
  const rows = filterRows(query.filters, isOperator);
  const set = (changed) => onChange(withKey(query, "filters", filtersOf(changed)));
  const paths = filterPaths(about);
  const times = paths.filter((path) => own(path) && ["date", "datetime"].includes(about.fields[path]?.type)
    && filterOperators(about, path).includes("gte")).slice(0, 1);
  if (!paths.length && !rows.length) return null;
  const add = (path) => {
    const operators = filterOperators(about, path);
    const operator = ["icontains", "exact", "gte"].find((one) => operators.includes(one)) ?? operators[0] ?? "exact";
    set([...rows, { path, operator, value: about.fields[path]?.type === "boolean" ? true : "" , fresh: true }]);
  };
  return html`<section aria-labelledby="filters-heading"><h2 id="filters-heading">Filters</h2>
    ${times.map((path) => html`<div class="chips" role="group" aria-label=${labelOf(about, path)} key=${path}>
      <span class="muted">${inWords(path)}</span>
      ${RANGES.map(([text, value]) => {
        const on = JSON.stringify(query.filters?.[`${path}.gte`]) === JSON.stringify(value);
        const other = rows.filter((row) => row.path !== path || row.operator !== "gte");
        return html`<button type="button" class="chip" key=${text} aria-pressed=${on}
          onClick=${() => set(on ? other : [...other, { path, operator: "gte", value }])}>${t(text)}</button>`;
      })}</div>`)}
    ${rows.map((row, i) => !(times.includes(row.path) && isRange(row)) && html`<${FilterRow} key=${i} row=${row} about=${about}
      onRow=${(one) => set(one ? rows.with(i, one) : rows.toSpliced(i, 1))} />`)}
    <select class="add" aria-label="Add a filter" value="" onChange=${(event) => { add(event.currentTarget.value); event.currentTarget.value = ""; }}>
      <option value="">Add a filter…</option>
      ${paths.map((path) => html`<option key=${path} value=${path}>${path}</option>`)}
    </select>
  </section>`;
}

/** Whether one of the buttons above shows a condition. */
const isRange = (row) => row.operator === "gte" && RANGES.some(([, value]) => JSON.stringify(value) === JSON.stringify(row.value));

const SAID = {
  exact: w("is"), ne: w("is not"), lt: "<", lte: "≤", gt: ">", gte: "≥", in: w("is one of"), nin: w("is none of"), isnull: w("is empty"),
  icontains: w("contains"), startswith: w("starts with"), range: w("between"),
};

function FilterRow({ row, about, onRow }) {
  if (row.key) {
    return html`<div class="filter"><code>${row.key}: ${JSON.stringify(row.other)}</code>
      <button type="button" class="quiet" aria-label=${t("Remove {0}", row.key)} onClick=${() => onRow(null)}>×</button></div>`;
  }
  const operators = [...new Set([row.operator, ...filterOperators(about, row.path)])];
  const field = about.fields[row.path];
  return html`<div class="filter">
    <span class="path" title=${labelOf(about, row.path)}>${row.path}</span>
    <select aria-label=${t("Operator of {0}", row.path)} value=${row.operator}
      onChange=${(event) => onRow({ ...row, operator: event.currentTarget.value, value: event.currentTarget.value === "isnull" ? true : row.value })}>
      ${operators.map((one) => html`<option key=${one} value=${one}>${SAID[one] ? t(SAID[one]) : one}</option>`)}
    </select>
    <${Value} label=${t("Value of {0}", row.path)} field=${field} row=${row} onValue=${(value) => onRow({ ...row, value })} />
    <button type="button" class="quiet" aria-label=${t("Remove the filter of {0}", row.path)} onClick=${() => onRow(null)}>×</button>
  </div>`;
}

function Value({ label, field, row, onValue }) {
  // What is typed and not yet asked: a reply that arrives meanwhile must not take it away.
  const [draft, setDraft] = useState(null);
  const type = row.operator === "isnull" ? "boolean" : field?.type;
  if (row.value !== null && typeof row.value === "object") return html`<code class="fixed">${JSON.stringify(row.value)}</code>`;
  if (type === "boolean") {
    return html`<select aria-label=${label} value=${String(row.value)} onChange=${(e) => onValue(e.currentTarget.value === "true")}>
      <option value="true">yes</option><option value="false">no</option></select>`;
  }
  if (field?.choices && ["exact", "ne"].includes(row.operator)) {
    const at = field.choices.findIndex((one) => one.value === row.value);
    return html`<select aria-label=${label} value=${String(at)} onChange=${(e) => onValue(field.choices[Number(e.currentTarget.value)]?.value)}>
      <option value="-1">choose…</option>
      ${field.choices.map((one, i) => html`<option key=${i} value=${String(i)}>${one.label}</option>`)}</select>`;
  }
  const list = ["in", "nin", "range"].includes(row.operator);
  const number = !list && ["integer", "float"].includes(type);
  const kind = number ? "number" : type === "date" && !list ? "date" : "text";
  const change = (event) => {
    const text = event.currentTarget.value;
    setDraft(null);
    if (text !== String(row.value ?? "")) onValue(number && text !== "" ? Number(text) : text);
  };
  return html`<input type=${kind} aria-label=${label} step="any" value=${draft ?? row.value ?? ""} onInput=${(event) => setDraft(event.currentTarget.value)} placeholder=${list ? "a, b, c" : isTime(type) ? "2026-01-31" : ""}
    autofocus=${row.fresh} onChange=${change} onKeyDown=${(event) => event.key === "Enter" && change(event)} />`;
}

function Order({ query, about, onChange }) {
  const chosen = terms(query.order_by);
  const outputs = isAggregate(query)
    ? [...terms(query.group_by), ...terms(query.aggregate).map(outputOf)].flatMap((one) => [one, `-${one}`])
    : orders(about);
  const limits = [...new Set([10, 25, 50, 100, 200, 1000, query.limit ?? about.limits.default])]
    .filter((one) => one <= about.limits.max).sort((a, b) => a - b);
  return html`<section class="row" aria-label="Order and page">
    <label>Sort <select value=${chosen[0] ?? ""} onChange=${(event) => onChange(withKey(query, "order_by", event.currentTarget.value ? [event.currentTarget.value] : undefined))}>
      <option value="">as stored</option>
      ${[...new Set([...chosen, ...outputs])].map((one) => html`<option key=${one} value=${one}>${one.replace(/^-/, "")}${one[0] === "-" ? " ↓" : " ↑"}</option>`)}
    </select></label>
    <label>Rows <select value=${String(query.limit ?? about.limits.default)} onChange=${(event) => onChange(withKey(query, "limit", Number(event.currentTarget.value)))}>
      ${limits.map((one) => html`<option key=${one} value=${String(one)}>${one}</option>`)}
    </select></label>
  </section>`;
}

export { canFilter, canSort };
