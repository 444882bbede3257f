// How a query runs: its statements, the rules on its rows, its cost.

import { useEffect, useState } from "preact/hooks";
import { ask, run } from "./api.js";
import { hintsOf } from "./matrix.js";
import { Failure } from "./results.js";
import { Copy, html, plural } from "./ui.js";
import { number, t } from "./words.js";

export function Plan({ api, query, about }) {
  const [reply, setReply] = useState(null);
  useEffect(() => {
    const granted = api.as || about?.operations.includes("explain");
    (granted ? run(api, { ...query, explain: true }) : ask(api, { ask: "plan", query })).then(setReply);
  }, [JSON.stringify(query), api.token]);
  if (!reply) return null;
  if (!reply.ok) return html`<${Failure} reply=${reply} />`;
  const { plan } = reply.body;
  const hints = hintsOf(plan);
  return html`<div class="plan">
    <p><b>${plural(plan.statements.length, "statement")}</b> · ${plan.database} · ${t("cost {0} of {1}", number(plan.cost.estimated), number(plan.cost.max))} · <b>${plan.role}</b></p>
    <meter aria-label="Cost" min="0" max=${plan.cost.max} value=${plan.cost.estimated}></meter>
    <h3>Rows</h3><ul class="rules">${plan.rules.map((one, i) => html`<li key=${i}><b>${one.model}</b> ${one.rows === "all" ? t("all") : html`<code>${one.rows}</code>`} <span class="muted">${one.source}</span></li>`)}</ul>
    ${plan.statements.map((one, i) => html`<section key=${i} aria-label=${t("Statement {0}", i + 1)}>
      <div class="bar"><h3>${i + 1}. ${one.reads}</h3><span class="muted">${plural(one.parameters, "value")}</span><span class="space"></span>${one.sql && html`<${Copy} text=${one.sql} />`}</div>
      <pre class="sql" tabindex="0" role="region" aria-label=${t("SQL of statement {0}", i + 1)}>${one.sql ? laidOut(one.sql) : t("No row can match, so nothing is asked.")}</pre>
      ${one.database && html`<details><summary>Plan of the database</summary><pre tabindex="0" role="region" aria-label=${t("Plan of statement {0}", i + 1)}>${typeof one.database === "string" ? one.database : JSON.stringify(one.database, null, 2)}</pre></details>`}
    </section>`)}
    ${hints.length > 0 && html`<h3>To think about</h3><ul class="rules">${hints.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`}
  </div>`;
}

/** Returns SQL with a line for each clause. */
export const laidOut = (sql) => sql.replace(/ (FROM|WHERE|(?:INNER|LEFT OUTER|CROSS) JOIN|GROUP BY|HAVING|ORDER BY|LIMIT) /g, "\n$1 ");
