// The door that any client uses. The explorer has no other way to data.

import { snakeCase, spelled } from "./query.js";
import { t } from "./words.js";

const KEPT = "django-flex-explorer";

export function makeApi(config, version) {
  const api = config.apis.find((one) => one.version === version) ?? config.apis[0];
  // `as` is the role or user whose view is shown: then nothing but the questions of operators is sent.
  const found = { api, config, token: null, account: null, as: null, post: false, models: new Map() };
  try {
    Object.assign(found, JSON.parse(sessionStorage.getItem(KEPT) ?? "{}"));
  } catch { /* a browser without storage has no login to remember */ }
  return found;
}

function remember(api) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ token: api.token, account: api.account }));
  } catch { /* see above */ }
}

/** Asks a question that only operators may ask. */
export const ask = (api, question) => send(api, api.config.operators, { method: "POST", body: question });

/** Sends a request, and returns {status, body, text, headers, ms}; a server that does not answer is status 0. */
export async function send(api, path, { method = "GET", body, headers = {}, signal } = {}) {
  const sent = { Accept: "application/json", ...headers };
  if (body !== undefined && !(body instanceof FormData)) sent["Content-Type"] = "application/json";
  if (api.token) sent.Authorization = `Bearer ${api.token}`;
  else if (!["GET", "QUERY", "OPTIONS"].includes(method)) sent[api.config.csrf.header] = api.config.csrf.token;
  if (api.as && path !== api.config.operators) {
    return { status: 0, ok: false, body: { error: t("Read only, in the name of somebody else") }, text: "", headers: new Headers(), ms: 0 };
  }
  const started = performance.now();
  try {
    const response = await fetch(path, {
      method, headers: sent, signal,
      // With a token the session of this browser must not decide who is asking.
      credentials: api.token ? "omit" : "same-origin",
      body: body instanceof FormData || body === undefined ? body : JSON.stringify(spelled(body, api.api.camel)),
    });
    const text = await response.text();
    const ms = performance.now() - started;
    let parsed = null;
    try { parsed = text ? JSON.parse(text) : null; } catch { /* shown as text */ }
    const status = parsed?.status_code ?? response.status;
    return { status, ok: status < 400, body: parsed, text, headers: response.headers, ms };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { status: 0, ok: false, body: { error: t("The server did not answer"), hint: error.message }, text: "", headers: new Headers(), ms: 0 };
  }
}

/** Runs a query at the single endpoint: by QUERY, or by POST where something on the way knows no QUERY. */
export async function run(api, query, signal) {
  // Rows in the order of the reply, which an object with keys that are numbers does not have.
  const lists = !["aggregate", "get"].includes(query._action) && !query.distinct;
  const body = spelled(lists ? { shape: "list", ...query } : query, api.api.camel);
  const paged = (reply) => {
    const pagination = plain(api, reply.body?.pagination);
    return pagination ? { ...reply, body: { ...reply.body, pagination } } : reply;
  };
  if (api.as) return paged(await ask(api, { ask: "query", query: { ...query, ...(lists ? { shape: "list" } : {}) }, ...api.as }));
  if (!api.post) {
    const reply = paged(await send(api, api.api.path, { method: "QUERY", body, signal }));
    const understood = reply.body?.code || reply.ok;
    if (understood || ![0, 400, 403, 405, 501].includes(reply.status)) return reply;
  }
  const reply = paged(await send(api, api.api.path, { method: "POST", body: { _action: "list", ...body }, signal }));
  api.post ||= reply.ok;
  return reply;
}

export async function listModels(api) {
  const reply = await (api.as ? ask(api, { ask: "models", ...api.as }) : send(api, api.api.path));
  return reply.ok ? reply : { ...reply, body: { models: {}, ...reply.body } };
}

/** Returns the description of a model as the caller sees it; asked for once per caller. */
export function describe(api, name, url) {
  if (!api.models.has(name)) {
    const found = api.as ? ask(api, { ask: "describe", model: name, ...api.as }) : send(api, url, { method: "OPTIONS" });
    api.models.set(name, found.then((reply) => (reply.ok ? plain(api, reply.body) : null)));
  }
  return api.models.get(name);
}

export async function signIn(api, username, password) {
  const reply = await send({ ...api, token: null, as: null }, api.config.tokens, { method: "POST", body: { username, password } });
  const token = reply.body?.access_token;
  if (!token) return reply.body?.error ?? t("Signing in failed");
  Object.assign(api, { token, account: username, as: null, models: new Map() });
  remember(api);
  return null;
}

export function signOut(api) {
  Object.assign(api, { token: null, account: null, as: null, models: new Map() });
  remember(api);
}

/** Shows what somebody else sees from now on: {role} or {user}, null to end it. A page that is loaded again has ended it. */
export const actAs = (api, somebody) => Object.assign(api, { as: somebody, models: new Map() });

/** Returns an object with the words of the language as they are spelled here. */
export const plain = (api, body) => (api.api.camel && body && typeof body === "object" && !Array.isArray(body)
  ? Object.fromEntries(Object.entries(body).map(([key, value]) => [snakeCase(key), value]))
  : body);

export const who = (api) => api.account ?? api.config.user;
