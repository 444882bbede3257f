// The page: who is asking, the tabs, and the query that all of them are about.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { actAs, describe, listModels, makeApi, run, signIn, signOut, who } from "./api.js";
import { format, parse } from "./address.js";
import { firstQuery, interest } from "./describe.js";
import { locate, parseQuery } from "./json.js";
import { indent, plainly, spelled, withKey } from "./query.js";
import { withName } from "./several.js";
import { QueryTab } from "./querytab.js";
import { ModelsTab } from "./modelstab.js";
import { PermissionsTab } from "./permissions.js";
import { html, Menu, store, stored } from "./ui.js";
import { t } from "./words.js";

const MAX_FIRST = 16;
const AT_ONCE = 4;

export function App({ config }) {
  const started = useMemo(() => parse(location.hash), []);
  const api = useMemo(() => makeApi(config, started.version === undefined ? config.version : started.version || null), []);
  const [tab, setTab] = useState(started.tab);
  const [summary, setSummary] = useState({});
  const [models, setModels] = useState({});
  const [query, setQuery] = useState(started.query ?? {});
  const written = (asked) => indent(spelled(asked, api.api?.camel));
  const [text, setText] = useState(started.query ? written(started.query) : "");
  // What the editor shows: the text, except while somebody types it.
  const [shown, setShown] = useState({ text });
  const [view, setView] = useState(started.view);
  const [chart, setChart] = useState(started.chart);
  const [model, setModel] = useState(started.model);
  // Operations that forms have put aside, to be done together.
  const [batch, setBatch] = useState([]);
  const [reply, setReply] = useState(null);
  const [ran, setRan] = useState(null);
  const [running, setRunning] = useState(false);
  const [problems, setProblems] = useState([]);
  const [ready, setReady] = useState(false);
  const [failure, setFailure] = useState(null);
  const [caller, setCaller] = useState(who(api));
  const [acting, setActing] = useState(null);
  const latest = useRef({});
  latest.current = { tab, summary, models, query, text, view, chart, model };
  const flight = useRef({});

  const address = (changed = {}) => format({ ...latest.current, version: api.api.version === config.version ? undefined : api.api.version ?? "", ...changed });
  const point = (changed, push = false) => history[push ? "pushState" : "replaceState"](null, "", address(changed));

  async function execute(asked, { push = true } = {}) {
    flight.current.asked = asked;
    flight.current.run?.abort();
    const control = (flight.current.run = new AbortController());
    setRunning(true);
    let found;
    try {
      found = await run(api, asked, control.signal);
    } catch { return; }
    if (control !== flight.current.run) return;
    setRunning(false);
    setRan(asked);
    setReply(found);
    setProblems(found.ok ? [] : problemsOf(found, latest.current.text));
    if (found.ok) remember(asked);
    point({ query: asked }, push);
  }

  const write = (one) => { latest.current.text = one; setText(one); setShown({ text: one }); };
  const show = (asked, options) => {
    setQuery(asked);
    write(written(asked));
    setProblems([]);
    return execute(asked, options);
  };

  async function load({ keep, first }) {
    const begun = flight.current.asked;
    setReady(false);
    const listed = await listModels(api);
    if (!listed.ok) {
      setFailure(listed);
      setSummary({});
      setModels({});
      setReady(true);
      return;
    }
    setFailure(null);
    const all = listed.body.models;
    setSummary(all);
    const names = Object.keys(all).filter((name) => all[name].operations.includes("list"));
    const known = {};
    const learn = async (name) => {
      const found = await describe(api, name, all[name].url);
      if (found) known[name] = found;
    };
    const named = [keep?._model, first].filter((one) => one && all[one]);
    await Promise.all((named.length ? named : names.slice(0, MAX_FIRST)).map(learn));
    const best = Object.values(known).sort((a, b) => interest(b) - interest(a))[0];
    setModels({ ...known });
    latest.current.models = known;
    setReady(true);
    // Whoever was quicker than the descriptions has already asked for something else.
    if (begun !== flight.current.asked) return learnRest();
    if (keep) show(keep, { push: false });
    else if (best) show(firstQuery(best, known), { push: false });
    return learnRest();

    /** The rest is for completion and the diagram. */
    async function learnRest() {
      const rest = Object.keys(all).filter((name) => !known[name]);
      while (rest.length) await Promise.all(rest.splice(0, AT_ONCE).map(learn));
      setModels({ ...known });
    }
  }

  useEffect(() => {
    load({ keep: started.query });
    const back = () => {
      const found = parse(location.hash);
      setTab(found.tab);
      setView(found.view);
      setChart(found.chart);
      setModel(found.model);
      if (found.query) show(found.query, { push: false });
    };
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);

  const act = {
    run() {
      const { query: typed, problem } = parseQuery(latest.current.text);
      if (problem) {
        setProblems([problem]);
        return undefined;
      }
      const asked = plainly(typed);
      setQuery(asked);
      return execute(asked);
    },
    change: (asked) => show(asked),
    load: (asked) => { setTab("query"); return show(asked); },
    type(typed) {
      latest.current.text = typed;
      setText(typed);
      const { query: found, problem } = parseQuery(typed);
      clearTimeout(flight.current.check);
      if (problem) {
        flight.current.check = setTimeout(() => setProblems([problem]), 700);
        return;
      }
      const asked = plainly(found);
      setQuery(asked);
      flight.current.check = setTimeout(() => check(asked, typed), 350);
    },
    async model(name) {
      // At once, so that what follows is about this model.
      const asked = (flight.current.asked = { _model: name });
      if (!latest.current.models[name]) setQuery(asked);
      const about = latest.current.models[name] ?? await describe(api, name, latest.current.summary[name].url);
      if (!about || flight.current.asked !== asked) return;
      setModels((known) => ({ ...known, [name]: about }));
      show(firstQuery(about, latest.current.models));
    },
    edit(name, key) { setTab("models"); setModel(`${name}~edit~${encodeURIComponent(key)}`); point({ tab: "models", model: `${name}~edit~${encodeURIComponent(key)}` }, true); },
    open: (name, key) => show({ _model: name, _action: "get", _id: key, fields: "*" }),
    view(one) { setView(one); point({ view: one }); },
    chart(one) { setChart(one); point({ chart: one }); },
    fix(name) { const [problem] = problems; if (problem) act.replace({ ...problem, replacement: name }); },
    replace({ from, to, replacement }) {
      const fixed = latest.current.text.slice(0, from) + replacement + latest.current.text.slice(to);
      write(fixed);
      act.run();
    },
    /** Shows what somebody else sees; returns what is wrong, if there is no such one. */
    async actAs(somebody, name) {
      actAs(api, somebody);
      const listed = await listModels(api);
      if (!listed.ok) {
        actAs(api, acting);
        return listed;
      }
      setActing(somebody);
      if (somebody) setTab("query");
      forget();
      const models = listed.body.models;
      load({ keep: name && models[name] ? null : usable(), first: name });
      return null;
    },
    tab(one) { setTab(one); point({ tab: one }, true); },
    batch: setBatch,
    collect: (operation) => setBatch((all) => [...all, withName(all, operation)]),
    chooseModel(one) { setModel(one); point({ model: one }); },
  };

  /** Asks the server whether a query may be run, with as few rows as it has. */
  async function check(asked, typed) {
    const about = latest.current.models[asked._model];
    if (about?.rates) return;
    flight.current.checking?.abort();
    const control = (flight.current.checking = new AbortController());
    const limit = asked._action === "get" ? {} : { limit: 1 };
    let found;
    try { found = await run(api, { ...asked, ...limit }, control.signal); } catch { return; }
    if (latest.current.text === typed) setProblems(found.ok ? [] : problemsOf(found, typed));
  }

  async function enter(name, password) {
    const wrong = await signIn(api, name, password);
    if (wrong) return wrong;
    setCaller(name);
    setActing(null);
    forget();
    load({ keep: usable() });
    return null;
  }
  // What somebody else has got must not stand below another name.
  const forget = () => { flight.current.run?.abort(); latest.current.models = {}; setModels({}); setReply(null); };
  const leave = () => { signOut(api); setActing(null); setCaller(who(api)); forget(); load({ keep: usable() }); };
  const usable = () => (latest.current.query._model ? latest.current.query : null);

  const about = models[query._model] ?? null;
  const role = (tab === "models" ? models[model.split("~")[0]] : about)?.role;
  const state = { api, query, shown, about, models, summary, reply, ran, running, view, chart, problems };
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>To the content</a>
    <header class="top">
      <h1>Explorer</h1>
      <nav aria-label="Parts"><ul>
        ${[["query", t("Query")], ["models", t("Models")], ...(config.operators && caller ? [["permissions", t("Permissions")]] : [])].map(([name, label]) => html`<li key=${name}>
          <button type="button" aria-current=${tab === name ? "page" : null} onClick=${() => act.tab(name)}>${label}</button></li>`)}
      </ul></nav>
      <span class="space"></span>
      ${role && html`<span class="role" title="Your role for this model">${role}</span>`}
      ${config.apis.length > 1 && html`<select class="versions" aria-label="Version of the API" value=${String(config.apis.indexOf(api.api))}
        onChange=${(event) => { location.hash = format({ version: config.apis[Number(event.currentTarget.value)].version ?? "" }); location.reload(); }}>
        ${config.apis.map((one, i) => html`<option key=${i} value=${String(i)}>${one.version ?? one.path}</option>`)}</select>`}
      <${Identity} api=${api} caller=${caller} enter=${enter} leave=${leave} />
      <${Theme} />
    </header>
    ${acting && html`<div class="as" role="status"><span>You look as <b>${nameOf(acting)}</b>, read only: nothing can be written.</span>
      <button type="button" class="quiet" onClick=${() => act.actAs(null)}>Be yourself again</button></div>`}
    <main id="main" tabindex="-1">
      ${failure && html`<${Refused} reply=${failure} api=${api} />`}
      ${ready && !failure && Object.keys(summary).length === 0 && html`<p class="empty">${t("There is nothing here that {0} may see.", acting ? nameOf(acting) : caller ?? t("a visitor"))} ${acting ? "" : t("Sign in to see more.")}</p>`}
      ${tab === "permissions" && caller && html`<${PermissionsTab} key=${caller} api=${api} query=${query} act=${act} />`}
      ${!failure && Object.keys(summary).length > 0 && !(tab === "permissions" && caller) && (tab === "models"
        ? html`<${ModelsTab} api=${api} models=${models} summary=${summary} chosen=${model} query=${query} batch=${batch} act=${act} />`
        : html`<${QueryTab} state=${state} act=${act} />`)}
    </main>`;
}

const nameOf = (somebody) => somebody.user ?? somebody.role ?? t("a visitor");

function problemsOf(found, text) {
  const { error, hint, code, path = code === "resource.not_found" ? "_model" : undefined } = found.body ?? {};
  const name = /'([^']+)'/.exec(error ?? "")?.[1] ?? "";
  const replacement = /^did you mean '([^']+)'\?$/.exec(hint ?? "")?.[1] ?? null;
  const place = path || name ? locate(text, path ?? "", name) : null;
  const quoted = place && text[place.from] === '"';
  const where = place ?? { from: 0, to: 0 };
  return [{
    from: quoted ? where.from + 1 : where.from, to: quoted ? Math.max(where.to - 1, where.from + 1) : where.to,
    message: error ?? `HTTP ${found.status}`, hint, replacement: replaceable(place, text, replacement, path),
  }];
}

/** Returns what takes the place of the text that is underlined, if it is the name that was refused. */
function replaceable(place, text, replacement, path) {
  if (!place || !replacement) return null;
  const shown = text.slice(place.from, place.to).replaceAll('"', "");
  return shown.length < 120 && !/[{[,]/.test(shown) && path !== undefined ? replacement : null;
}

function remember(asked) {
  const kept = JSON.stringify(asked);
  store("history", [asked, ...stored("history", []).filter((one) => JSON.stringify(one) !== kept)].slice(0, 30));
}

function Refused({ reply, api }) {
  const { error, hint } = reply.body ?? {};
  return html`<div class="failure" role="alert"><p><strong>${error ?? `HTTP ${reply.status}`}</strong></p>
    ${hint && html`<p>${hint}</p>`}
    ${reply.status === 401 && html`<p>${api.config.tokens ? t("Sign in at the top right.") : t("Sign in.")} ${api.config.login && html`<a href=${api.config.login}>Login page</a>`}</p>`}</div>`;
}

function Identity({ api, caller, enter, leave }) {
  const [wrong, setWrong] = useState(null);
  const [busy, setBusy] = useState(false);
  const accounts = Object.entries(api.config.accounts);
  const go = async (name, password, close) => {
    setBusy(true);
    const said = await enter(name, password);
    setBusy(false);
    setWrong(said);
    if (!said) close();
  };
  return html`<${Menu} right className="identity" title="Who is asking" label=${busy ? "…" : caller ?? t("Visitor")}>${(close) => html`
    ${accounts.length > 0 && html`<h3>Try it as</h3><ul>
      <li><button type="button" class="item" aria-current=${!api.token && !caller} onClick=${() => { leave(); close(); }}>visitor</button></li>
      ${accounts.map(([name, password]) => html`<li key=${name}><button type="button" class="item" aria-current=${caller === name}
        onClick=${() => go(name, password, close)}>${name}</button></li>`)}</ul>`}
    ${api.config.tokens && !accounts.length && html`<form onSubmit=${(event) => {
      event.preventDefault();
      const sent = new FormData(event.currentTarget);
      go(sent.get("name"), sent.get("password"), close);
    }}>
      <label>Name <input name="name" autocomplete="username" required /></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
      <button type="submit" class="primary">Sign in</button></form>`}
    ${wrong && html`<p class="bad" role="alert">${wrong}</p>`}
    ${api.token && !accounts.length && html`<button type="button" class="item" onClick=${() => { leave(); close(); }}>Sign out</button>`}
    ${!caller && api.config.login && html`<p><a href=${`${api.config.login}?next=${encodeURIComponent(location.pathname)}`}>Login page</a></p>`}
  `}<//>`;
}

function Theme() {
  const [theme, setTheme] = useState(() => stored("theme", "auto"));
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    store("theme", theme);
  }, [theme]);
  const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  return html`<button type="button" class="quiet icon" aria-label=${dark ? t("Light colours") : t("Dark colours")} title=${dark ? t("Light colours") : t("Dark colours")}
    onClick=${() => setTheme(dark ? "light" : "dark")}>${dark ? "☀" : "☾"}</button>`;
}

export { withKey };
