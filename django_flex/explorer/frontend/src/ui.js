// What all views are made of.

import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import htm from "htm";
import { inLanguage, number, t } from "./words.js";

const bound = htm.bind(h);
/** Makes elements of a template, whose texts are in the language of the page. */
export const html = (strings, ...values) => bound(inLanguage(strings), ...values);

/** A button that opens a panel; Escape and a click elsewhere close it, and the focus comes back. */
export function Menu({ label, title, children, right, className = "" }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  const close = () => { setOpen(false); box.current?.querySelector("button")?.focus(); };
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event) => { if (!box.current?.contains(event.target)) setOpen(false); };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const key = (event) => { if (event.key === "Escape" && open) { event.stopPropagation(); close(); } };
  return html`<div class=${`menu ${className}`} ref=${box} onKeyDown=${key}>
    <button type="button" class="quiet" aria-expanded=${open} aria-haspopup="true" title=${title}
      onClick=${() => setOpen(!open)}>${label}<span class="caret" aria-hidden="true"></span></button>
    ${open && html`<div class=${right ? "panel right" : "panel"}>${typeof children === "function" ? children(close) : children}</div>`}
  </div>`;
}

/** Buttons of which one is chosen. */
export function Choice({ label, options, value, onChange }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(([name, text]) => html`<button type="button" key=${name} aria-pressed=${value === name}
      onClick=${() => onChange(name)}>${t(text)}</button>`)}
  </div>`;
}

export function Copy({ text, label = t("Copy") }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await copyText(typeof text === "function" ? text() : text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return html`<button type="button" class="quiet" onClick=${copy}>${done ? t("Copied") : label}</button>`;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS there is no clipboard; a selected field is what browsers have had before.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export function download(name, type, content) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Returns how many there are: `{0} row`, `{0} rows`. */
export const plural = (n, word) => t(`{0} ${word}${n === 1 ? "" : "s"}`, number(n));

const KEPT = "django-flex-explorer-";
export function stored(name, fallback) {
  try { return JSON.parse(localStorage.getItem(KEPT + name)) ?? fallback; } catch { return fallback; }
}
export function store(name, value) {
  try { localStorage.setItem(KEPT + name, JSON.stringify(value)); } catch { /* private windows */ }
}

/** A link to leave for only if it is one of the web, whatever a value contains. */
export function safeUrl(url) {
  try {
    const found = new URL(url, location.href);
    return ["http:", "https:"].includes(found.protocol) ? found.href : null;
  } catch {
    return null;
  }
}
export const isOwn = (url) => new URL(url).origin === location.origin;
