// The models as the caller sees them.

import { canFilter, canSort, firstQuery, labelOf, own } from "./describe.js";
import { Actions } from "./actions.js";
import { Batch, Several, severalOf } from "./bulk.js";
import { Diagram } from "./diagram.js";
import { Add, Edit } from "./write.js";
import { Choice, html } from "./ui.js";
import { t, w } from "./words.js";

export function ModelsTab({ api, models, summary, chosen, query, batch, act }) {
  // The model, a part of what is shown of it, and a row: `customer~edit~1`.
  const [name, part, key] = chosen.split("~");
  const about = models[name];
  const inBatch = name === "" && part === "batch";
  const writes = Object.values(summary).some((one) => one.operations.some((each) => ["add", "edit", "delete", "bulk_edit", "bulk_delete"].includes(each)));
  return html`<div class="modelstab">
    <aside class="builder" aria-label="Models"><h2>All models</h2><div class="models above">
      <button type="button" aria-pressed=${!about && !inBatch} onClick=${() => act.chooseModel("")}>diagram</button>
      ${writes && html`<button type="button" aria-pressed=${inBatch} onClick=${() => act.chooseModel("~batch")}>${t("batch")}${batch.length ? ` (${batch.length})` : ""}</button>`}
    </div><h2>Models</h2><div class="models">
      ${Object.keys(summary).map((name) => html`<button type="button" key=${name} aria-pressed=${name === about?.model}
        onClick=${() => act.chooseModel(name)}>${name}</button>`)}
    </div></aside>
    <div class="work">${inBatch ? html`<${Batch} api=${api} batch=${batch} onBatch=${act.batch} />` : about ? html`<${Model} query=${query} api=${api} about=${about} models=${models} summary=${summary} part=${part ?? "fields"} rowKey=${key && decodeURIComponent(key)} act=${act} />` : html`<${Diagram} models=${models} onModel=${act.chooseModel} />`}</div>
  </div>`;
}

function partsOf(about, summary) {
  const can = (operation) => about.operations.includes(operation);
  return [
    ["fields", w("Fields")],
    ...(about.inputs?.add ? [["add", w("Add")]] : []),
    ...(about.inputs?.edit || can("delete") ? [["edit", can("delete") ? w("Edit or delete") : w("Edit")]] : []),
    ...(severalOf(about).length ? [["several", w("Several at once")]] : []),
    ...(about.actions?.length || summary.actions?.length ? [["actions", w("Actions")]] : []),
  ];
}

function Model({ api, query, about, models, summary, part, rowKey, act }) {
  const parts = partsOf(about, summary[about.model] ?? {});
  const { url } = summary[about.model];
  const show = (one, key) => act.chooseModel([about.model, one, ...(key ? [encodeURIComponent(key)] : [])].join("~"));
  const shown = parts.some(([one]) => one === part) ? part : "fields";
  return html`<article class="model">
    <header class="bar"><h2>${about.label_plural}</h2><span class="role">${about.role}</span>
      <span class="muted">${about.operations.join(", ")}</span><span class="space"></span>
      <button type="button" class="primary" onClick=${() => act.load(firstQuery(about, models))}>Query it</button></header>
    ${parts.length > 1 && html`<div class="bar parts"><${Choice} label="Part" options=${parts} value=${shown} onChange=${show} /></div>`}
    ${shown === "fields" && html`<${Fields} about=${about} act=${act} />`}
    ${shown === "add" && html`<${Add} key=${about.model} api=${api} about=${about} url=${url} onBatch=${act.collect} />`}
    ${shown === "edit" && html`<${Edit} key=${about.model} onBatch=${act.collect} api=${api} about=${about} url=${url} first=${rowKey} onKey=${(key) => show("edit", key)} />`}
    ${shown === "several" && html`<${Several} key=${about.model} api=${api} about=${about} query=${query} onBatch=${act.collect} />`}
    ${shown === "actions" && html`<${Actions} key=${about.model} api=${api} about=${about} url=${url} first=${rowKey} log=${summary.actionevent?.url} />`}
  </article>`;
}

function Fields({ about, act }) {
  const fields = Object.entries(about.fields).filter(([path]) => own(path));
  const writable = about.writable ?? {};
  const mark = (on) => (on ? html`<span class="yes">✓</span>` : html`<span class="null">–</span>`);
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Fields"><table>
      <thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Filter</th><th scope="col">Sort</th>
        <th scope="col">Add</th><th scope="col">Edit</th><th scope="col">About it</th></tr></thead>
      <tbody>${fields.map(([path, field]) => html`<tr key=${path}>
        <th scope="row"><code>${path}</code></th>
        <td>${"relation" in field ? html`→ ${field.relation ? html`<button type="button" class="link" onClick=${() => act.chooseModel(field.relation)}>${field.relation}</button>` : t("hidden")}` : field.type}${field.null ? html` <span class="muted">or null</span>` : ""}</td>
        <td title=${(field.operators ?? []).join(" ")}>${mark(canFilter(about, path))}</td><td>${mark(canSort(about, path))}</td>
        <td>${mark(writable.add?.includes(path))}</td><td>${mark(writable.edit?.includes(path))}</td>
        <td>${labelOf(about, path)}${field.help ? html`. ${field.help}` : ""}${field.choices ? html`: ${field.choices.map((one) => one.label).join(", ")}` : ""}</td>
      </tr>`)}</tbody></table></div>
    ${Object.keys(about.relations ?? {}).some((name) => about.relations[name].many) && html`<h3>Lists</h3><ul class="lists">
      ${Object.entries(about.relations).filter(([, one]) => one.many).map(([name, one]) => html`<li key=${name}><code>${name}</code> → ${one.model
        ? html`<button type="button" class="link" onClick=${() => act.chooseModel(one.model)}>${one.model}</button>` : t("hidden")}</li>`)}</ul>`}`;
}
