// Rows of a reply as a table: flat columns, nested lists in one cell.

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
export const isFile = (value) => isObject(value) && typeof value.url === "string" && "name" in value;

/** Returns the rows of any reply of a read, in order. */
export function rowsOf(body, query) {
  if (!body) return [];
  if (query?._action === "get" || !("results" in body)) return isObject(body) && !body.error ? [body] : [];
  if (Array.isArray(body.results)) return body.results;
  if (query?._action === "aggregate") return [body.results];
  const keys = body.pagination?.ids ?? Object.keys(body.results);
  return keys.map((key) => ({ id: key, ...body.results[key] }));
}

/** Returns {columns, cells}: columns are paths, cells the values of each row by them. */
export function tabulate(rows, asJson = () => false) {
  const columns = [];
  const cells = rows.map((row) => {
    const found = {};
    flatten(row, "", found, asJson);
    for (const path of Object.keys(found)) if (!columns.includes(path)) columns.push(path);
    return found;
  });
  // A relation that is null in one row has its columns from the others.
  const shown = columns.filter((path) => !columns.some((one) => one.startsWith(`${path}.`)));
  return { columns: shown, cells };
}

function flatten(value, prefix, found, asJson) {
  for (const [key, one] of Object.entries(value)) {
    const path = prefix + key;
    const nested = isObject(one) && !isFile(one) && !asJson(path) && Object.keys(one).length;
    if (nested) flatten(one, `${path}.`, found, asJson);
    else found[path] = one;
  }
}

/** Returns a value as a cell of CSV, which no spreadsheet runs. */
function cell(value) {
  if (value === null || value === undefined) return "";
  let text = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toCsv({ columns, cells }) {
  const lines = [columns, ...cells.map((row) => columns.map((path) => row[path]))];
  return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

export const toNdjson = (rows) => rows.map((row) => JSON.stringify(row)).join("\n") + "\n";
