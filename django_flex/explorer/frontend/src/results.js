// A reply as a table or as JSON.

import { Fragment } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { canSort, fieldAt, own } from "./describe.js";
import { isAggregate, terms, withKey } from "./query.js";
import { isFile, tabulate } from "./rows.js";
import { html, isOwn, plural, safeUrl } from "./ui.js";
import { indent } from "./query.js";
import { t } from "./words.js";

export function Table({ table, query, about, models, onChange, onOpen }) {
  const { columns, cells } = table;
  const [order] = terms(query?.order_by);
  const sort = (path) => {
    const next = order === path ? `-${path}` : path;
    onChange(withKey(query, "order_by", [next]));
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Rows">
    <table>
      <thead><tr>
        ${columns.map((path) => {
          const sortable = onChange && (isAggregate(query) || (about && canSort(about, path)));
          const turned = order?.replace(/^-/, "") === path ? (order[0] === "-" ? "descending" : "ascending") : null;
          return html`<th key=${path} scope="col" aria-sort=${turned} class=${numeric(path, about, models, cells) ? "number" : ""}>
            ${sortable ? html`<button type="button" onClick=${() => sort(path)}>${path}<span aria-hidden="true">${turned === "ascending" ? " ↑" : turned ? " ↓" : ""}</span></button>` : path}
          </th>`;
        })}
      </tr></thead>
      <tbody><${Rows} table=${table} about=${about} models=${models} onOpen=${onOpen} /></tbody>
    </table>
  </div>`;
}

const AT_ONCE = 100;
/** The rows, a hundred after the other: a thousand at once would keep the page from answering. */
function Rows({ table, about, models, onOpen }) {
  const { columns, cells } = table;
  const [made, setMade] = useState({ table, parts: 1 });
  const parts = made.table === table ? made.parts : 1;
  useEffect(() => {
    if (parts * AT_ONCE >= cells.length) return undefined;
    const timer = setTimeout(() => setMade({ table, parts: parts + 1 }));
    return () => clearTimeout(timer);
  }, [table, parts]);
  // A part that is the same element as before is not compared.
  const kept = useMemo(() => [], [table, about, models, onOpen]);
  const part = (from) => html`<${Fragment} key=${from}>${cells.slice(from, from + AT_ONCE).map((row, i) => html`<tr key=${i}>
    ${columns.map((path) => html`<td key=${path} class=${numeric(path, about, models, cells) ? "number" : ""}>
      <${Cell} value=${row[path]} field=${about && fieldAt(about, path, models)} path=${path} row=${row} onOpen=${onOpen} about=${about} />
    </td>`)}
  </tr>`)}<//>`;
  return Array.from({ length: parts }, (_, i) => (kept[i] ??= part(i * AT_ONCE)));
}

const numbers = new WeakMap();
/** Whether a column stands on the right: its values are numbers that are no keys. */
function numeric(path, about, models, cells) {
  if (!numbers.has(cells)) numbers.set(cells, new Map());
  const known = numbers.get(cells);
  if (!known.has(path)) {
    const field = about && fieldAt(about, path, models);
    const filled = cells.map((row) => row[path]).filter((one) => one !== null && one !== undefined);
    const good = filled.length > 0 && filled.every((one) => typeof one === "number" || (typeof one === "string" && /^-?\d+\.\d+$/.test(one)));
    known.set(path, good && !(field && "relation" in field));
  }
  return known.get(path);
}

function Cell({ value, field, path, row, onOpen, about }) {
  if (value === null || value === undefined) return html`<span class="null">–</span>`;
  if (typeof value === "boolean") return value ? `✓ ${t("yes")}` : t("no");
  if (Array.isArray(value)) return html`<${List} value=${value} />`;
  if (isFile(value)) return html`<${File} value=${value} />`;
  if (typeof value === "object") return html`<details><summary>{…}</summary><pre>${indent(value)}</pre></details>`;
  if (field?.relation && onOpen) {
    return html`<button type="button" class="link" title=${t("Open this {0}", field.relation)} onClick=${() => onOpen(field.relation, value)}>${String(value)}</button>`;
  }
  if (onOpen && about && path === about.key && own(path)) {
    return html`<button type="button" class="link" title="Open this row" onClick=${() => onOpen(about.model, row[path])}>${String(value)}</button>`;
  }
  if (field?.type === "datetime" || (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:/.test(value))) {
    return html`<time datetime=${value} title=${value}>${value.slice(0, 10)} ${value.slice(11, 16)}</time>`;
  }
  if (typeof value === "string" && value.length > 120) {
    return html`<details><summary>${value.slice(0, 100)}…</summary><div class="long">${value}</div></details>`;
  }
  return String(value);
}

function List({ value }) {
  if (!value.length) return html`<span class="null">none</span>`;
  if (value.every((one) => one === null || typeof one !== "object")) return value.join(", ");
  const nested = tabulate(value.map((one) => (one && typeof one === "object" ? one : { value: one })));
  return html`<${Unfolding} label=${plural(value.length, "row")}>
    ${() => html`<${Table} table=${nested} query=${{}} />`}
  <//>`;
}

/** What is made only when it is opened: a list of a thousand rows has many. */
function Unfolding({ label, children }) {
  const [open, setOpen] = useState(false);
  return html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>${label}</summary>${open && children()}</details>`;
}

const IMAGE = /\.(png|jpe?g|gif|webp|avif)$/i;
function File({ value }) {
  const url = safeUrl(value.url);
  const name = String(value.name).split("/").at(-1);
  if (!url) return html`<span>${name}</span>`;
  const image = IMAGE.test(new URL(url).pathname) && isOwn(url);
  return html`<a class="file" href=${url} target="_blank" rel="noopener noreferrer">${image ? html`<img src=${url} alt="" loading="lazy" />` : null}${name}</a>`;
}

export function Json({ reply }) {
  const text = reply.body === null ? reply.text : JSON.stringify(reply.body, null, 2);
  return html`<pre class="json" tabindex="0" role="region" aria-label="Reply as JSON">${coloured(text)}</pre>`;
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;
/** Returns a text as nodes: every part is text, whatever it contains. */
function coloured(text) {
  if (text.length > 200_000) return text;
  const found = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > from) found.push(text.slice(from, match.index));
    const kind = match[2] ? "name" : match[1] ? "text" : /[tfn]/i.test(match[0][0]) ? "word" : "value";
    found.push(html`<span class=${`j-${kind}`}>${match[1] ?? match[0]}</span>`);
    if (match[2]) found.push(match[2]);
    from = match.index + match[0].length;
  }
  found.push(text.slice(from));
  return found;
}

export function Failure({ reply, onFix }) {
  const { error, code, path, hint, fields } = reply.body ?? {};
  const meant = /^did you mean '([^']+)'\?$/.exec(hint ?? "")?.[1];
  return html`<div class="failure" role="alert">
    <p><strong>${error ?? (reply.text.slice(0, 300) || `HTTP ${reply.status}`)}</strong></p>
    ${hint && html`<p>${hint} ${meant && onFix && html`<button type="button" class="quiet" onClick=${() => onFix(meant)}>${t("Use {0}", meant)}</button>`}</p>`}
    ${fields && html`<ul>${Object.entries(fields).map(([name, texts]) => html`<li key=${name}><code>${name}</code> ${[].concat(texts).join(" ")}</li>`)}</ul>`}
    <p class="muted">HTTP ${reply.status}${code ? ` · ${code}` : ""}${path ? ` · ${path}` : ""}</p>
  </div>`;
}
