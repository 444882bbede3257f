// What is shown, as the part of the address behind `#`, so that a link shows the same.

const VIEWS = ["table", "json", "chart", "code", "plan"];

export function parse(hash) {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  let query = null;
  try { query = JSON.parse(found.get("q")); } catch { /* a link that was cut: as without a query */ }
  const good = query && typeof query === "object" && !Array.isArray(query);
  return {
    tab: found.get("tab") ?? "query",
    query: good ? query : null,
    view: VIEWS.includes(found.get("view")) ? found.get("view") : "table",
    chart: found.get("chart") ?? "",
    model: found.get("model") ?? "",
    version: found.get("version") ?? undefined,
  };
}

export function format({ tab, query, view, chart, model, version }) {
  const found = new URLSearchParams();
  if (tab && tab !== "query") found.set("tab", tab);
  if (version !== undefined && version !== null) found.set("version", version);
  if (model) found.set("model", model);
  if (view && view !== "table") found.set("view", view);
  if (chart) found.set("chart", chart);
  if (query) found.set("q", JSON.stringify(query));
  return `#${found}`;
}
