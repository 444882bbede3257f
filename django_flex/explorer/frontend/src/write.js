// Forms that write: each can be tried before, and says what it would change.

import { useEffect, useState } from "preact/hooks";
import { send } from "./api.js";
import { collect, differences, kindOf, textOf } from "./input.js";
import { Failure } from "./results.js";
import { html } from "./ui.js";
import { t } from "./words.js";

export function Inputs({ inputs, texts, problems, onText }) {
  return html`<div class="inputs">${Object.entries(inputs).map(([name, input]) => {
    const wrong = problems[name];
    const id = `input-${name}`;
    const said = { id, "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong ? `${id}-wrong` : null, required: input.required ?? null };
    return html`<div class="input" key=${name}>
      <label for=${id}>${input.label ?? name}${input.required ? html`<span class="muted"> needed</span>` : ""}</label>
      <${Field} input=${input} said=${said} text=${texts[name]} onText=${(text) => onText(name, text)} />
      ${input.help && html`<small>${input.help}</small>`}
      ${wrong && html`<small class="bad" id=${`${id}-wrong`}>${[].concat(wrong).join(" ")}</small>`}
    </div>`;
  })}</div>`;
}

function Field({ input, said, text, onText }) {
  const kind = kindOf(input);
  const type = (event) => onText(event.currentTarget.value);
  const shown = text instanceof Blob ? "" : text ?? textOf(input, input.default);
  if (kind === "file") {
    return html`<input type="file" ...${said} accept=${input.file.types?.join(",")} onChange=${(event) => onText(event.currentTarget.files[0])} />`;
  }
  if (kind === "boolean" || kind === "choice") {
    const options = kind === "boolean" ? [["true", t("yes")], ["false", t("no")]] : input.choices.map((one) => [String(one.value), one.label]);
    return html`<select ...${said} value=${shown} onChange=${type}><option value="">–</option>
      ${options.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select>`;
  }
  if (kind === "long" || kind === "json") return html`<textarea ...${said} rows="3" value=${shown} onInput=${type}></textarea>`;
  const hint = kind === "keys" ? "1, 2, 3" : "relation" in input ? t("key of {0}", input.relation ?? t("a row")) : input.type === "datetime" ? "2026-01-31T12:00:00Z" : "";
  return html`<input type=${["number", "date", "time"].includes(kind) ? kind : "text"} step=${input.type === "integer" ? 1 : "any"}
    ...${said} value=${shown} placeholder=${hint} onInput=${type} />`;
}

/** Returns the body of a write: JSON, or a form if there are files. */
export function bodyOf(values, texts, control) {
  const files = Object.entries(texts).filter(([, one]) => one instanceof Blob);
  if (!files.length) return { ...values, ...control };
  const form = new FormData();
  form.set("_data", JSON.stringify({ ...values, ...control }));
  for (const [name, file] of files) form.set(name, file);
  return form;
}

export function Add({ api, about, url, onBatch }) {
  return html`<${Write} operation=${{ _model: about.model, _action: "add" }} onBatch=${onBatch} api=${api} inputs=${about.inputs.add} verb=${t("Add")} method="POST" url=${url} before=${null} key=${about.model} />`;
}

/** A form with the buttons for trying and for doing; what comes back is shown below it. */
function Write({ api, operation, onBatch, inputs, verb, method, url, before, onDone }) {
  const [texts, setTexts] = useState({});
  const [reply, setReply] = useState(null);
  const [tried, setTried] = useState(false);
  const [problems, setProblems] = useState({});
  const go = async (dry) => {
    const { values, problems: found } = collect(inputs, texts);
    setProblems(found);
    if (Object.keys(found).length) return;
    const sent = await send(api, url, { method, body: bodyOf(values, texts, dry ? { _dry_run: true } : {}) });
    setTried(dry);
    setReply(sent);
    setProblems(sent.body?.fields ?? {});
    if (sent.ok && !dry) { setTexts({}); onDone?.(sent.body); }
  };
  const put = () => {
    const { values, problems: found } = collect(inputs, texts);
    setProblems(found);
    if (!Object.keys(found).length) onBatch({ ...operation, ...values });
  };
  const current = Object.fromEntries(Object.entries(inputs).map(([name, input]) =>
    [name, texts[name] ?? (before ? textOf(input, before[name]) : undefined)]));
  return html`<form class="write" onSubmit=${(event) => { event.preventDefault(); go(false); }}>
    <${Inputs} inputs=${inputs} texts=${current} problems=${problems} onText=${(name, text) => setTexts({ ...texts, [name]: text })} />
    <div class="bar"><button type="button" class="quiet" onClick=${() => go(true)}>Try it</button>
      <button type="submit" class="primary">${verb}</button>
      ${!Object.values(texts).some((one) => one instanceof Blob) && html`<button type="button" class="quiet" onClick=${put}>Put into the batch</button>`}
      <span class="muted">Trying does everything and rolls it back.</span></div>
    <${Outcome} reply=${reply} tried=${tried} before=${before} />
  </form>`;
}

function Outcome({ reply, tried, before }) {
  if (!reply) return null;
  if (!reply.ok) return html`<${Failure} reply=${reply} />`;
  const changes = differences(before, reply.body).filter(([name]) => before === null || name in reply.body);
  return html`<div class="outcome" role="status">
    <p><b>${tried ? t("It would be so; nothing has changed.") : t("Done.")}</b></p>
    ${changes.length ? html`<${Diff} changes=${changes} fresh=${before === null} />` : html`<p class="muted">Nothing differs.</p>`}
  </div>`;
}

function Diff({ changes, fresh }) {
  const text = (value) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  return html`<table class="diff"><thead><tr><th scope="col">Field</th>${!fresh && html`<th scope="col">Before</th>`}<th scope="col">${fresh ? t("Value") : t("After")}</th></tr></thead>
    <tbody>${changes.map(([name, before, after]) => html`<tr key=${name}><th scope="row"><code>${name}</code></th>
      ${!fresh && html`<td class="was">${text(before)}</td>`}<td class="is">${text(after)}</td></tr>`)}</tbody></table>`;
}

/** Choose a row by its key, then edit or delete it. */
export function Edit({ api, about, url, first, onKey, onBatch }) {
  const [key, setKey] = useState(first ?? "");
  const [row, setRow] = useState(null);
  const [failed, setFailed] = useState(null);
  const load = async (asked) => {
    if (asked === "") return;
    const reply = await send(api, `${url}${encodeURIComponent(asked)}`);
    setRow(reply.ok ? reply.body : null);
    setFailed(reply.ok ? null : reply);
    if (reply.ok) onKey(asked);
  };
  useEffect(() => { load(key); }, [about.model]);
  return html`<div class="write">
    <form class="bar" onSubmit=${(event) => { event.preventDefault(); load(key); }}>
      <label>Key <input value=${key} onInput=${(event) => setKey(event.currentTarget.value)} /></label>
      <button type="submit" class="quiet">Show this row</button></form>
    ${failed && html`<${Failure} reply=${failed} />`}
    ${row && about.inputs?.edit && html`<${Write} key=${`${about.model}-${JSON.stringify(row)}`} api=${api} operation=${{ _model: about.model, _action: "edit", _id: row[about.key] ?? key }} onBatch=${onBatch} inputs=${about.inputs.edit} verb=${t("Save")} method="PATCH"
      url=${`${url}${encodeURIComponent(key)}`} before=${row} />`}
    ${row && about.operations.includes("delete") && html`<${Delete} key=${`delete-${about.model}-${key}`} api=${api} about=${about} url=${url} rowKey=${key} onDone=${() => setRow(null)} />`}
  </div>`;
}

function Delete({ api, about, url, rowKey, onDone }) {
  const [reply, setReply] = useState(null);
  const [around, setAround] = useState([]);
  const go = async (dry) => {
    const sent = await send(api, `${url}${encodeURIComponent(rowKey)}`, { method: "DELETE", body: dry ? { _dry_run: true } : undefined });
    setReply({ ...sent, dry });
    if (dry) setAround(await related(api, about, url, rowKey));
    else if (sent.ok) onDone();
  };
  return html`<section class="danger" aria-label="Delete">
    <div class="bar"><button type="button" class="quiet bad" onClick=${() => go(true)}>Delete this row…</button></div>
    ${around.length > 0 && html`<p>${t("Rows that refer to it: {0}.", around.map(([name, count]) => `${name} (${count})`).join(", "))}</p>`}
    ${reply && !reply.ok && html`<${Failure} reply=${reply} />`}
    ${reply?.ok && (reply.dry
      ? html`<p>It can be deleted. <button type="button" class="primary danger-button" onClick=${() => go(false)}>Delete it</button></p>`
      : html`<p role="status"><b>Deleted.</b></p>`)}
  </section>`;
}

/** Returns how many rows of each list a row has that the caller may see; at most 50 of each are counted. */
async function related(api, about, url, key) {
  const lists = Object.entries(about.relations ?? {}).filter(([, one]) => one.many && one.model).slice(0, 10);
  const found = await Promise.all(lists.map(async ([name]) => {
    const query = { fields: [about.key], related: { [name]: { limit: 50 } } };
    const reply = await send(api, `${url}${encodeURIComponent(key)}?q=${encodeURIComponent(JSON.stringify(query))}`);
    const rows = reply.body?.[name];
    const count = Array.isArray(rows) ? rows.length : Object.keys(rows?.results ?? {}).length;
    return [name, reply.ok ? count : 0];
  }));
  return found.filter(([, count]) => count > 0).map(([name, count]) => [name, count < 50 ? String(count) : t("50 or more")]);
}
