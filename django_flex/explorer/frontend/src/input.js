// What people type into forms, as values; and what a write would change.

import { t } from "./words.js";

/** Returns the kind of field that a form shows: of an input of OPTIONS, or of a JSON Schema. */
export function kindOf(input) {
  if (input.file) return "file";
  if (input.choices && !input.many) return "choice";
  if (input.many || ["json", "list"].includes(input.type)) return input.many ? "keys" : "json";
  if (input.type === "boolean") return "boolean";
  if (["integer", "float"].includes(input.type) && !("relation" in input)) return "number";
  if (["date", "time"].includes(input.type)) return input.type;
  if (input.type === "text" && !input.schema?.maxLength) return "long";
  return "text";
}

/** Returns inputs like those of OPTIONS for the JSON Schema of an action. */
export function inputsOf(schema) {
  const required = schema?.required ?? [];
  return Object.fromEntries(Object.entries(schema?.properties ?? {}).map(([name, one]) => {
    const variants = [one, ...(one.anyOf ?? [])];
    const types = variants.flatMap((each) => each.type ?? []);
    const choices = variants.find((each) => each.enum)?.enum?.map((value) => ({ value, label: String(value) }));
    const decimal = variants.some((each) => each.format === "decimal");
    const words = { string: "text", integer: "integer", number: "float", boolean: "boolean", object: "json", array: "json" };
    const type = decimal ? "decimal" : words[types.find((each) => each !== "null")] ?? "json";
    return [name, { type, null: types.includes("null"), required: required.includes(name), label: one.title ?? name.replaceAll("_", " "),
      help: one.description, default: one.default, choices, schema: { maxLength: 200 } }];
  }));
}

/** Returns the text that stands for a value in a form. */
export function textOf(input, value) {
  if (value === null || value === undefined) return "";
  if (input.many) return value.map((one) => (one && typeof one === "object" ? one.id : one)).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Returns {value} of a text, or {problem}. */
export function valueOf(input, text) {
  const kind = kindOf(input);
  const whole = (one) => (/^-?\d+$/.test(one) && Number.isSafeInteger(Number(one)) ? Number(one) : one);
  if (kind === "keys") return { value: text.split(",").map((one) => one.trim()).filter(Boolean).map(whole) };
  if (text === "" && (input.null || input.type !== "text")) return { value: null };
  if (kind === "boolean") return { value: text === "true" };
  if (kind === "choice") return { value: input.choices.find((one) => String(one.value) === text)?.value ?? text };
  if (kind === "json") {
    try { return { value: JSON.parse(text) }; } catch { return { problem: t("This is not JSON") }; }
  }
  if (kind === "number") return Number.isNaN(Number(text)) ? { problem: t("A number is needed") } : { value: Number(text) };
  return { value: "relation" in input ? whole(text) : text };
}

/** Returns {values, problems} of the texts that were touched. */
export function collect(inputs, texts) {
  const values = {};
  const problems = {};
  for (const [name, text] of Object.entries(texts)) {
    if (!inputs[name] || text instanceof Blob) continue;
    const { value, problem } = valueOf(inputs[name], text);
    if (problem) problems[name] = [problem];
    else values[name] = value;
  }
  return { values, problems };
}

/** Returns [[name, before, after]] of what differs. */
export function differences(before, after) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names.map((name) => [name, before?.[name], after?.[name]])
    .filter(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b));
}
