// Snippets of the current query, to copy.

import { useState } from "preact/hooks";
import { snippets } from "./snippets.js";
import { Choice, Copy, html } from "./ui.js";
import { t } from "./words.js";

export function Snippets({ query, api, url }) {
  const [name, setName] = useState("curl");
  const base = new URL(api.api.path, location.href).href;
  const all = snippets(query, { url: base, token: Boolean(api.token), path: url, camel: api.api.camel });
  const [, , code] = all.find(([one]) => one === name);
  return html`<div class="code">
    <div class="bar"><${Choice} label="Language" value=${name} onChange=${setName} options=${all.map(([one]) => [one, one])} />
      <span class="space"></span><${Copy} text=${code} /></div>
    <pre tabindex="0" role="region" aria-label=${t("The query for {0}", name)}>${code}</pre>
  </div>`;
}
