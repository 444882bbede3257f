// What the description of a model says, as questions that views ask.

const KINDS = { integer: "number", float: "number", decimal: "number", duration: "number" };

export const isNumber = (type) => KINDS[type] === "number";
export const isTime = (type) => ["date", "datetime", "time"].includes(type);

export const own = (name) => !name.includes(".");

/** Returns what grants say of a path: `*`, `path`, `path.*`, `path.op`. */
export function canFilter(about, path) {
  return (about.fields[path]?.operators ?? []).length > 0 || filterOperators(about, path).length > 0;
}

export function filterOperators(about, path) {
  const field = about.fields[path];
  if (field) return field.operators ?? [];
  const granted = (about.filters ?? []).filter((one) => one === path || one.startsWith(`${path}.`));
  return granted.map((one) => (one === path ? "exact" : one.slice(path.length + 1)))
    .filter((one) => !one.includes(".") && one !== "*");
}

/** Returns the paths that may be filtered by, readable ones first. */
export function filterPaths(about) {
  const readable = Object.keys(about.fields).filter((path) => canFilter(about, path));
  const others = (about.filters ?? [])
    .filter((one) => one !== "*" && !one.endsWith("*"))
    .map((one) => pathOf(about, one)).filter((one) => !readable.includes(one));
  return [...new Set([...readable, ...others])];
}

const OPERATORS = new Set(
  `exact iexact ne lt lte gt gte in nin range isnull contains icontains startswith istartswith endswith
   iendswith regex iregex`.split(/\s+/));

function pathOf(about, granted) {
  const cut = granted.lastIndexOf(".");
  return cut > 0 && OPERATORS.has(granted.slice(cut + 1)) ? granted.slice(0, cut) : granted;
}

export function canSort(about, path) {
  const granted = about.order_by ?? [];
  if (granted.includes("*")) return path in about.fields;
  return granted.includes(path) || granted.includes(`-${path}`);
}

/** Returns the orders that may be asked for, each with its direction. */
export function orders(about) {
  const granted = about.order_by ?? [];
  if (!granted.includes("*")) return granted.filter((one) => !one.endsWith("*"));
  return Object.keys(about.fields).flatMap((path) => [path, `-${path}`]);
}

/** Returns the name that people use for a path. */
export function labelOf(about, path) {
  const parts = path.split(".");
  const labels = parts.map((_, i) => {
    const to = parts.slice(0, i + 1).join(".");
    return about.relations?.[to]?.label ?? about.fields[to]?.label ?? parts[i].replaceAll("_", " ");
  });
  return labels.join(" › ");
}

/** Returns the children of a relation: paths and whether they were described or follow from its model. */
export function childrenOf(about, relation, models) {
  const prefix = `${relation}.`;
  const described = Object.keys(about.fields).filter((path) => path.startsWith(prefix));
  if (described.length) return described;
  const related = about.relations?.[relation]?.model ?? about.fields[relation]?.relation;
  const model = related && models[related];
  return model ? Object.keys(model.fields).filter(own).map((path) => prefix + path) : [];
}

/** Returns the field behind a path, also one that only the description of a related model has. */
export function fieldAt(about, path, models = {}) {
  if (!about) return null;
  if (about.fields[path]) return about.fields[path];
  const cut = path.indexOf(".");
  if (cut < 0) return null;
  const related = about.relations?.[path.slice(0, cut)]?.model;
  return related && models[related] ? fieldAt(models[related], path.slice(cut + 1), models) : null;
}

const DULL = new Set(["id", "pk", "uuid"]);
const NAMES = ["name", "title", "last_name", "lastName", "label", "subject", "username", "email", "code"];

/** Returns the path that people know rows by, or null. */
export function nameField(about) {
  const texts = Object.keys(about.fields).filter((path) => own(path) && about.fields[path].type === "text");
  return NAMES.find((one) => texts.includes(one)) ?? texts[0] ?? null;
}

/** Returns the query that shows a model when nobody has asked yet. */
export function firstQuery(about, models = {}) {
  const fields = Object.keys(about.fields).filter(own);
  const named = nameField(about);
  const rank = (path) => {
    const field = about.fields[path];
    if (path === named && NAMES.includes(path)) return 0;
    if ("relation" in field) return 1;
    if (isTime(field.type)) return 2;
    return isNumber(field.type) || field.type === "boolean" || field.choices ? 3 : 4;
  };
  const chosen = [];
  for (const path of fields.toSorted((a, b) => rank(a) - rank(b))) {
    const field = about.fields[path];
    if (DULL.has(path) || path === about.key || chosen.length >= 7) continue;
    if ("relation" in field) {
      const names = NAMES.map((one) => `${path}.${one}`).filter((one) => one in about.fields);
      const related = models[field.relation];
      chosen.push(names[0] ?? (related && nameField(related) ? `${path}.${nameField(related)}` : path));
    } else if (!["json", "file", "binary"].includes(field.type) || chosen.length < 4) {
      chosen.push(path);
    }
  }
  return { _model: about.model, fields: chosen.length ? chosen : fields.slice(0, 7), limit: 25 };
}

/** Returns how much there is to show of a model: what a first visit should see. */
export const interest = (about) =>
  Object.keys(about.fields).filter(own).length +
  3 * Object.values(about.relations ?? {}).filter((one) => !one.many && one.model).length;

/** Returns the groups that say something: few values, or a part of a time. */
export function goodGroups(about) {
  const all = about.group_by ?? [];
  const score = (path) => {
    const depth = path.split(".").length - 1;
    const last = path.split(".").at(-1);
    if (last === "trunc_month" || last === "truncMonth") return 11 - 3 * depth;
    if (last === "year" && isTime(about.fields[path.replace(/\.year$/, "")]?.type)) return 7 - 3 * depth;
    const field = about.fields[path];
    if (!field || path.endsWith(about.key) || "relation" in field) return 0;
    if (field.choices) return 9 - depth;
    if (field.type === "boolean") return 7 - depth;
    if (field.type !== "text") return 0;
    // The names of rows themselves are many; those of related rows are groups.
    if (/country|status|type|kind|category|genre/i.test(path)) return 7 - 2 * depth;
    if (/state|city/i.test(path) || (depth && /name|title/i.test(path))) return 6 - 2 * depth;
    return (/name|title/i.test(path) ? 2 : 3) - 2 * depth;
  };
  return all.map((path) => [path, score(path)]).filter(([, one]) => one > 0)
    .sort((a, b) => b[1] - a[1]).map(([path]) => path);
}

/** Returns the measures that say something: how many, and sums of what is no key. */
export function goodMeasures(about) {
  const all = Object.keys(about.aggregates ?? {});
  const plain = all.filter((name) => {
    const cut = name.lastIndexOf(".");
    if (cut < 0) return name === "count";
    const path = name.slice(0, cut);
    const field = about.fields[path];
    const named = ["sum", "avg", "max"].includes(name.slice(cut + 1));
    return named && own(path) && field && isNumber(field.type) && path !== about.key && !("relation" in field);
  });
  return plain.length ? plain : all.slice(0, 6);
}
