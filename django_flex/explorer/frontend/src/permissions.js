// For operators: what each role may do and why, and what somebody else would get.

import { useEffect, useState } from "preact/hooks";
import { ask } from "./api.js";
import { openingsOf, summaryOf } from "./matrix.js";
import { rowsOf, tabulate } from "./rows.js";
import { Failure, Table } from "./results.js";
import { Choice, html } from "./ui.js";
import { t, w } from "./words.js";

export function PermissionsTab({ api, query, act }) {
  const [part, setPart] = useState("matrix");
  const [reply, setReply] = useState(null);
  useEffect(() => { ask(api, { ask: "matrix" }).then(setReply); }, [api.token]);
  if (!reply) return null;
  if (!reply.ok) {
    return html`<p class="empty">Superusers see here what each role may do, and why. ${[400, 404].includes(reply.status) ? t("You are not signed in as one.") : reply.body?.error}</p>`;
  }
  return html`<div class="permissions">
    <div class="bar"><${Choice} label="Part" value=${part} onChange=${setPart}
      options=${[["matrix", w("Who may do what")], ["somebody", w("As somebody else")], ["changes", w("What has changed")]]} /></div>
    ${part === "matrix" && html`<${Matrix} matrix=${reply.body} act=${act} />`}
    ${part === "somebody" && html`<${Somebody} act=${act} api=${api} query=${query} roles=${reply.body.roles} />`}
    ${part === "changes" && html`<${Changes} api=${api} matrix=${reply.body} />`}
  </div>`;
}

function Matrix({ matrix, act }) {
  const [chosen, setChosen] = useState(null);
  const cell = chosen && matrix.models[chosen[0]]?.[chosen[1]];
  return html`<div class="scroll matrix" tabindex="0" role="region" aria-label="Matrix of roles and models"><table>
      <thead><tr><th scope="col">Model</th>${matrix.roles.map((role) => html`<th scope="col" key=${role}>${role}</th>`)}</tr></thead>
      <tbody>${Object.entries(matrix.models).map(([model, cells]) => html`<tr key=${model}><th scope="row">${model}</th>
        ${matrix.roles.map((role) => {
          const { operations, narrowed } = summaryOf(cells[role]);
          if (!operations.length) return html`<td key=${role} class="null">–</td>`;
          return html`<td key=${role}><button type="button" class="cell" aria-pressed=${chosen?.[0] === model && chosen?.[1] === role}
            onClick=${() => setChosen([model, role])}>${operations.join(" ")}${narrowed ? html`<span class="some">some rows</span>` : ""}</button></td>`;
        })}</tr>`)}</tbody></table></div>
    ${cell && html`<${Reasons} act=${act} cell=${cell} model=${chosen[0]} role=${chosen[1]} />`}`;
}

function Reasons({ act, cell, model, role }) {
  return html`<section class="reasons" aria-label=${t("{0} on {1}", role, model)}>
    <div class="bar"><h2>${t("{0} on {1}", role, model)}</h2><span class="space"></span>
      <button type="button" class="quiet" onClick=${() => act.actAs({ role }, model)}>${t("Look as {0}", role)}</button></div>
    ${cell.granted_as !== role && html`<p>Granted as <b>${cell.granted_as}</b>.</p>`}
    <ul class="rules">${Object.entries(cell.rules).map(([name, text]) => html`<li key=${name}><b>${name}</b> <code>${text}</code></li>`)}</ul>
    ${cell.findings.map((text, i) => html`<p class="bad" key=${i}>${text}</p>`)}
    ${openingsOf(cell).map(([clause, lines]) => html`<details key=${clause}><summary>${clause} <span class="muted">${lines.length}</span></summary>
      <table><thead><tr><th scope="col">What</th><th scope="col">How</th><th scope="col">Because of</th></tr></thead>
      <tbody>${lines.map((one, i) => html`<tr key=${i}><td><code>${one.path}</code></td><td>${one.values.join(" ")}</td><td><code>${one.by.join("; ")}</code></td></tr>`)}</tbody></table></details>`)}
  </section>`;
}

function Somebody({ act, api, query, roles }) {
  const [role, setRole] = useState("");
  const [user, setUser] = useState("");
  const [reply, setReply] = useState(null);
  const [why, setWhy] = useState(null);
  const [failed, setFailed] = useState(null);
  const somebody = { ...(role ? { role } : {}), ...(user ? { user } : {}) };
  const name = user || role || t("a visitor");
  const go = async () => {
    setFailed(null);
    setReply(await ask(api, { ask: "query", query, ...somebody }));
    setWhy(await ask(api, { ask: "why", method: "QUERY", body: JSON.stringify(query), ...somebody }));
  };
  return html`<form class="somebody" onSubmit=${(event) => { event.preventDefault(); go(); }}>
    <div class="bar">
      <label>Role <select value=${role} onChange=${(event) => { setRole(event.currentTarget.value); setUser(""); }}>
        <option value="">none</option>${roles.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></label>
      <label>or user <input value=${user} onInput=${(event) => { setUser(event.currentTarget.value); setRole(""); }} /></label>
      <button type="submit" class="primary">Show what they get</button>
      <button type="button" class="quiet" onClick=${async () => setFailed(await act.actAs(somebody))}>Look as they do</button>
      <span class="muted">The query of the first tab. Nothing is written, whatever they may do.</span></div>
    ${failed && html`<${Failure} reply=${failed} />`}
    ${reply && html`<p class="acting" role="status">As <b>${name}</b>, read only: HTTP ${reply.status}</p>`}
    ${reply && !reply.ok && html`<${Failure} reply=${reply} />`}
    ${reply?.ok && html`<${Table} table=${tabulate(rowsOf(reply.body, query))} query=${{}} />`}
    ${why && html`<${Why} reply=${why} />`}
  </form>`;
}

/** Why somebody is refused: asked for by a click, since it tries each rule. */
export function WhyNot({ api, query }) {
  const [why, setWhy] = useState(null);
  useEffect(() => setWhy(null), [query]);
  const go = async () => setWhy(await ask(api, { ask: "why", method: "QUERY", body: JSON.stringify(query), ...api.as }));
  return why ? html`<div class="somebody"><${Why} reply=${why} /></div>` : html`<p class="empty"><button type="button" class="quiet" onClick=${go}>Why?</button></p>`;
}

function Why({ reply }) {
  return html`<section aria-label="Why"><h2>Why?</h2><pre class="why" tabindex="0" role="region" aria-label="Explanation">${reply.body?.text ?? reply.body?.error}</pre></section>`;
}

function Changes({ api, matrix }) {
  const others = api.config.apis.filter((one) => one.version !== matrix.version);
  const [reply, setReply] = useState(null);
  const compare = async (event) => {
    const [file] = event.currentTarget.files;
    if (file) setReply(await ask(api, { ask: "changes", before: await file.text() }));
  };
  return html`<div class="somebody">
    <p>What is opened and closed since a matrix that was kept: <code>manage.py flex_matrix --format json</code>.</p>
    <div class="bar"><label>A file <input type="file" accept=".json,application/json" onChange=${compare} /></label>
      ${others.map((one) => html`<button type="button" class="quiet" key=${one.version} onClick=${async () =>
        setReply(await ask(api, { ask: "changes", ...(one.version ? { version: one.version } : {}) }))}>${t("since")} ${one.version ?? one.path}</button>`)}</div>
    ${reply && !reply.ok && html`<${Failure} reply=${reply} />`}
    ${reply?.ok && (reply.body.changes.length
      ? html`<ul class="changes">${reply.body.changes.map((one, i) => html`<li key=${i} class=${one.opens ? "is" : "was"}><code>${one.text}</code></li>`)}</ul>`
      : html`<p>Nothing is opened or closed.</p>`)}
  </div>`;
}
