// Forms that write many rows at once, and batches: several operations, all or none.

import { useState } from "preact/hooks";
import { send } from "./api.js";
import { collect } from "./input.js";
import { indent } from "./query.js";
import { tabulate } from "./rows.js";
import { Failure, Table } from "./results.js";
import { operationOf, parseKeys, parseRows } from "./several.js";
import { Choice, html, plural } from "./ui.js";
import { Inputs } from "./write.js";
import { t, w } from "./words.js";

const PROBLEMS = {
  none: w("There is no row yet."), objects: w("Each row has to be an object."), json: w("This is not JSON."), quote: w("A quote is not closed."),
  name: w("No such field may be written:"), width: w("This row has not as many values as there are names:"), value: w("This value does not fit, in row"),
};

/** Returns what somebody may do to many rows: [[what, [by]]]. */
export function severalOf(about) {
  const can = (operation) => about.operations.includes(operation);
  const by = (what) => [...(can(what) ? ["keys"] : []), ...(can(`bulk_${what}`) ? ["filter"] : [])];
  return [["add", can("add") && about.inputs?.add ? ["rows"] : []], ["edit", about.inputs?.edit ? by("edit") : []], ["delete", by("delete")]]
    .filter(([, ways]) => ways.length > 0);
}

const WHAT = { add: w("Add"), edit: w("Edit"), delete: w("Delete") };
const BY = { keys: w("by their keys"), filter: w("by a filter") };

export function Several({ api, about, query, onBatch }) {
  const all = Object.fromEntries(severalOf(about));
  const [what, setWhat] = useState(Object.keys(all)[0]);
  const [chosen, setBy] = useState("keys");
  const by = all[what].includes(chosen) ? chosen : all[what][0];
  const [text, setText] = useState("");
  const [keys, setKeys] = useState("");
  const [filters, setFilters] = useState(indent(query._model === about.model ? query.filters ?? {} : {}));
  const [most, setMost] = useState("100");
  const [texts, setTexts] = useState({});
  const [problems, setProblems] = useState({});
  const [wrong, setWrong] = useState(null);
  const [reply, setReply] = useState(null);
  const inputs = Object.fromEntries(Object.entries(about.inputs?.[what] ?? {}).filter(([, one]) => !one.file));
  const clear = () => { setReply(null); setWrong(null); setProblems({}); };

  /** Returns the operation, or null after saying what is wrong. */
  const operation = () => {
    clear();
    const found = { model: about.model, what, by, most: Number(most) };
    if (what === "add") {
      const { rows, problem, at } = parseRows(text, inputs);
      if (problem) { setWrong([PROBLEMS[problem], at]); return null; }
      return operationOf({ ...found, rows });
    }
    const { values, problems: bad } = what === "edit" ? collect(inputs, texts) : { values: {}, problems: {} };
    setProblems(bad);
    if (Object.keys(bad).length) return null;
    if (by === "keys") {
      if (!parseKeys(keys).length) { setWrong([PROBLEMS.none]); return null; }
      return operationOf({ ...found, keys: parseKeys(keys), values });
    }
    try { return operationOf({ ...found, filters: JSON.parse(filters), values }); } catch { setWrong([PROBLEMS.json]); return null; }
  };
  const go = async (dry) => {
    const asked = operation();
    if (!asked) return;
    const sent = await send(api, api.api.path, { method: "POST", body: { ...asked, ...(dry ? { _dry_run: true } : {}) } });
    setReply({ ...sent, dry });
  };
  const add = () => { const asked = operation(); if (asked) onBatch(asked); };
  return html`<form class="write" onSubmit=${(event) => { event.preventDefault(); go(false); }}>
    <div class="bar"><${Choice} label="What to do" value=${what} onChange=${(one) => { clear(); setWhat(one); }} options=${Object.keys(all).map((one) => [one, WHAT[one]])} />
      ${all[what].length > 1 && html`<${Choice} label="Which rows" value=${by} onChange=${(one) => { clear(); setBy(one); }} options=${all[what].map((one) => [one, BY[one]])} />`}</div>
    ${what === "add" && html`<div class="input"><label for="several-rows">Rows</label>
      <textarea id="several-rows" class="code-text" rows="7" spellcheck="false" value=${text} aria-describedby="several-help" onInput=${(e) => setText(e.currentTarget.value)}
        placeholder=${`${Object.keys(inputs).slice(0, 3).join(", ")}\n…`}></textarea>
      <small id="several-help">As a spreadsheet copies them, or as CSV: the names of the fields in the first line. Or a list of objects as JSON.</small>
      <small>Fields: ${Object.entries(inputs).map(([name, one]) => (one.required ? `${name} *` : name)).join(", ")}</small></div>`}
    ${what !== "add" && by === "keys" && html`<div class="input"><label for="several-keys">Keys of the rows</label>
      <input id="several-keys" value=${keys} placeholder="1, 2, 3" onInput=${(e) => setKeys(e.currentTarget.value)} /></div>`}
    ${what !== "add" && by === "filter" && html`<div class="inputs"><div class="input"><label for="several-filters">Filters as JSON</label>
      <textarea id="several-filters" class="code-text" rows="3" spellcheck="false" value=${filters} onInput=${(e) => setFilters(e.currentTarget.value)}></textarea></div>
      <div class="input"><label for="several-most">At most so many rows</label>
      <input id="several-most" type="number" min="1" value=${most} onInput=${(e) => setMost(e.currentTarget.value)} />
      <small>If there are more, nothing happens.</small></div></div>`}
    ${what === "edit" && html`<${Inputs} inputs=${inputs} texts=${texts} problems=${problems} onText=${(name, one) => setTexts({ ...texts, [name]: one })} />
      <p class="muted">Only what you fill in changes.</p>`}
    ${wrong && html`<p class="bad" role="alert">${t(wrong[0])} ${wrong[1] ?? ""}</p>`}
    <div class="bar"><button type="button" class="quiet" onClick=${() => go(true)}>Try it</button>
      <button type="submit" class=${what === "delete" ? "primary danger-button" : "primary"}>${t(WHAT[what])}</button>
      <button type="button" class="quiet" onClick=${add}>Put into the batch</button>
      <span class="muted">Trying does everything and rolls it back.</span></div>
    ${reply && !reply.ok && html`<${Failure} reply=${reply} />`}
    ${reply?.ok && html`<${Done} reply=${reply} />`}
  </form>`;
}

function Done({ reply }) {
  const rows = (reply.body.results ?? []).map((one) => (one && typeof one === "object" ? one : { value: one }));
  return html`<div class="outcome" role="status">
    <p><b>${reply.dry ? t("It would be so; nothing has changed.") : t("Done.")}</b> ${plural(reply.body.affected ?? rows.length, "row")}</p>
    ${rows.length > 0 && html`<${Table} table=${tabulate(rows)} query=${{}} />`}</div>`;
}

/** Several operations at once. They come from the forms, and can be edited as JSON. */
export function Batch({ api, batch, onBatch }) {
  const [text, setText] = useState(indent(batch));
  const [atomic, setAtomic] = useState(true);
  const [reply, setReply] = useState(null);
  const type = (typed) => {
    setText(typed);
    try {
      const found = JSON.parse(typed);
      if (Array.isArray(found)) onBatch(found);
    } catch { /* not yet */ }
  };
  let valid = true;
  try { valid = Array.isArray(JSON.parse(text)); } catch { valid = false; }
  const go = async (dry) => {
    const body = { _batch: JSON.parse(text), ...(atomic ? {} : { _atomic: false }), ...(dry ? { _dry_run: true } : {}) };
    setReply({ ...await send(api, api.api.path, { method: "POST", body }), dry, names: body._batch });
  };
  return html`<article class="model"><header class="bar"><h2>Batch</h2><span class="muted">${plural(batch.length, "operation")}</span></header>
    <form class="write" onSubmit=${(event) => { event.preventDefault(); go(false); }}>
      <div class="input"><label for="batch-text">Operations as JSON</label>
        <textarea id="batch-text" class="code-text" rows="14" spellcheck="false" value=${text} onInput=${(e) => type(e.currentTarget.value)} aria-invalid=${valid ? null : "true"}></textarea>
        <small>Forms put operations in here. One can use what an earlier one gives, by its name: <code>{"$ref": "a.id"}</code>.</small>
        ${!valid && html`<small class="bad" role="alert">This is no list of JSON.</small>`}</div>
      <label class="check"><input type="checkbox" checked=${atomic} onChange=${(e) => setAtomic(e.currentTarget.checked)} /><span>All or none</span></label>
      <div class="bar"><button type="button" class="quiet" disabled=${!valid || !batch.length} onClick=${() => go(true)}>Try it</button>
        <button type="submit" class="primary" disabled=${!valid || !batch.length}>Run</button>
        <button type="button" class="quiet" onClick=${() => { type("[]"); setReply(null); }}>Empty it</button></div>
      ${reply && !reply.ok && html`<${Failure} reply=${reply} />`}
      ${reply?.ok && html`<div class="outcome" role="status"><p><b>${reply.dry ? t("It would be so; nothing has changed.") : t("Done.")}</b></p>
        <table class="diff"><thead><tr><th scope="col">Operation</th><th scope="col">Reply</th></tr></thead>
        <tbody>${(reply.body.results ?? []).map((one, i) => html`<tr key=${i}><th scope="row"><code>${reply.names[i]?._action} ${reply.names[i]?._model}</code></th>
          <td class=${one?.error ? "was" : "is"}><code>${JSON.stringify(one)}</code></td></tr>`)}</tbody></table></div>`}
    </form></article>`;
}
