// Model actions: a form for each, its result, the progress of a run in the background, and the log.

import { useEffect, useState } from "preact/hooks";
import { plain, send } from "./api.js";
import { collect, inputsOf } from "./input.js";
import { Failure, Json } from "./results.js";
import { tabulate } from "./rows.js";
import { Table } from "./results.js";
import { Inputs } from "./write.js";
import { html } from "./ui.js";
import { t } from "./words.js";

const SCOPES = ["instance", "bulk", "collection", "global"];
const DONE = ["succeeded", "failed", "cancelled"];

export function Actions({ api, about, url, first, log }) {
  const [found, setFound] = useState(null);
  const [runs, setRuns] = useState(0);
  useEffect(() => { send(api, `${url}actions/`).then((reply) => setFound({ ...reply, body: plain(api, reply.body) })); }, [about.model]);
  if (!found) return null;
  if (!found.ok) return html`<${Failure} reply=${found} />`;
  const all = SCOPES.flatMap((scope) => (found.body[`${scope}_actions`] ?? []).map((one) => ({ ...plain(api, one), scope })));
  return html`<div class="write">
    ${all.map((one) => html`<${ActionForm} key=${one.id} api=${api} one=${one} url=${url} first=${first} onRun=${() => setRuns(runs + 1)} log=${log} />`)}
    ${log && html`<${Log} api=${api} url=${log} about=${about} runs=${runs} />`}
  </div>`;
}

function ActionForm({ api, one, url, first, onRun, log }) {
  const inputs = inputsOf(one.input);
  const [texts, setTexts] = useState({});
  const [key, setKey] = useState(first ?? "");
  const [problems, setProblems] = useState({});
  const [reply, setReply] = useState(null);
  const [event, setEvent] = useState(null);
  const single = one.scope === "instance";
  const needsKeys = single || one.scope === "bulk";
  const go = async (control) => {
    const { values, problems: wrong } = collect(inputs, texts);
    setProblems(wrong);
    if (Object.keys(wrong).length) return;
    const ids = one.scope === "bulk" ? { _ids: key.split(",").map((each) => each.trim()).filter(Boolean) } : {};
    const path = single ? `${url}${encodeURIComponent(key)}/actions/${one.id}/` : `${url}actions/${one.id}/`;
    const sent = await send(api, path, { method: "POST", body: { _input: values, ...ids, ...control } });
    setReply({ ...sent, dry: control._dry_run });
    setProblems(sent.body?.fields ?? {});
    setEvent(sent.status === 202 ? sent.body.event : null);
    onRun();
  };
  return html`<form class="action" aria-label=${one.title} onSubmit=${(e) => { e.preventDefault(); go({}); }}>
    <h3>${one.title} ${one.destructive && html`<span class="role">destructive</span>`}</h3>
    ${one.description && html`<p>${one.description}</p>`}
    ${needsKeys && html`<div class="input"><label for=${`key-${one.id}`}>${single ? t("Key of the row") : t("Keys of the rows")}</label>
      <input id=${`key-${one.id}`} required value=${key} placeholder=${single ? "" : "1, 2, 3"} onInput=${(e) => setKey(e.currentTarget.value)} /></div>`}
    <${Inputs} inputs=${inputs} texts=${texts} problems=${problems} onText=${(name, text) => setTexts({ ...texts, [name]: text })} />
    <div class="bar">
      ${one.examples?.map((each) => html`<button type="button" class="link" key=${each.name} onClick=${() => setTexts(Object.fromEntries(
        Object.entries(each.payload).map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)])))}>${each.name}</button>`)}
      <span class="space"></span>
      ${one.dry_run && html`<button type="button" class="quiet" onClick=${() => go({ _dry_run: true })}>Try it</button>`}
      ${one.background === "allowed" && html`<button type="button" class="quiet" onClick=${() => go({ _background: true })}>Run in the background</button>`}
      <button type="submit" class="primary">Run</button></div>
    ${event && html`<${Progress} api=${api} url=${log} event=${event} onDone=${onRun} />`}
    ${reply && !reply.ok && html`<${Failure} reply=${reply} />`}
    ${reply?.ok && reply.status !== 202 && html`<div class="outcome" role="status"><p><b>${reply.dry ? t("It would be so; nothing has changed.") : t("Done.")}</b></p><${Json} reply=${reply} /></div>`}
  </form>`;
}

/** Shows how far a run is, until it ends. */
function Progress({ api, url, event, onDone }) {
  const [run, setRun] = useState({ state: "queued" });
  useEffect(() => {
    let timer = 0;
    const look = async () => {
      const reply = url ? await send(api, `${url}${event}`) : null;
      if (reply?.ok) setRun(plain(api, reply.body));
      if (reply?.ok && DONE.includes(reply.body.state)) onDone();
      else if (url) timer = setTimeout(look, 700);
    };
    look();
    return () => clearTimeout(timer);
  }, [event]);
  const { state, progress_current: current, progress_total: total, progress_message: message } = run;
  return html`<div class="outcome" role="status">
    <p><b>${state}</b> ${message ?? ""}</p>
    <progress aria-label="Progress of the run" max=${total || 1} value=${state === "succeeded" ? total || 1 : total ? current : null}></progress>
    ${run.error_message && html`<p class="bad">${run.error_message}</p>`}
    ${!url && html`<p class="muted">The log is not exposed to you, so it cannot be told how far the run is.</p>`}
  </div>`;
}

const SHOWN = ["action_id", "object_id", "state", "actor_repr", "created_date", "duration", "error_message"];

function Log({ api, url, about, runs }) {
  const [rows, setRows] = useState([]);
  useEffect(() => {
    const query = { order_by: "-created_date", limit: 50, shape: "list" };
    send(api, `${url}?q=${encodeURIComponent(JSON.stringify(query))}`).then((reply) => {
      const mine = (reply.body?.results ?? []).map((one) => plain(api, one)).filter((one) => !one.resource || one.resource.split(".").at(-1) === about.model.split(".").at(-1));
      setRows(mine.slice(0, 10).map((one) => Object.fromEntries(SHOWN.filter((name) => name in one).map((name) => [name, one[name]]))));
    });
  }, [about.model, runs]);
  if (!rows.length) return null;
  return html`<section class="log"><h3>Last runs</h3><${Table} table=${tabulate(rows)} query=${{}} /></section>`;
}
