// Charts as geometry: what to draw, from rows of a reply. No DOM in here.

import { number, t } from "./words.js";

export const COLOURS = ["#0f8a66", "#3b76d6", "#d97706", "#a855c7", "#d6456b", "#5f8a1f", "#0891b2", "#8b6f47"];
const MAX_SERIES = 8;
const MAX_LABELS = 60;

const numberOf = (value) => {
  if (typeof value === "number") return value;
  if (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  return NaN;
};
const TIME = /^\d{4}-\d\d(-\d\d)?([T ]|$)/;

/** Returns {dimensions, measures} of a table: what names a row, and what has numbers. */
export function columnsOf({ columns, cells }, groups = [], skip = () => false) {
  const filled = (path) => cells.map((row) => row[path]).filter((one) => one !== null && one !== undefined);
  const numeric = (path) => !groups.includes(path) && !skip(path) && filled(path).length > 0
    && filled(path).every((one) => !Number.isNaN(numberOf(one)));
  const plain = (path) => filled(path).every((one) => typeof one !== "object");
  const measures = columns.filter(numeric);
  const dimensions = groups.length
    ? columns.filter((path) => groups.includes(path))
    : columns.filter((path) => !measures.includes(path) && plain(path) && !skip(path));
  return { dimensions, measures };
}

/** Returns the types that fit, the best first. */
export function fitting(table, found) {
  const { dimensions, measures } = found;
  if (!measures.length) return [];
  const first = table.cells.map((row) => row[dimensions[0]]);
  const times = dimensions.length > 0 && first.length > 0 && first.every((one) => one === null || TIME.test(String(one)));
  const few = table.cells.length <= 8 && dimensions.length === 1;
  const types = times ? ["line", "bar"] : dimensions.length ? ["bar", "line"] : [];
  if (few) types.push("pie");
  if (dimensions.length && !few && table.cells.length <= 24) types.push("pie");
  if (measures.length > 1) types.push("scatter");
  if (!types.length) types.push("bar");
  return types;
}

/** Returns {labels, series, times}: the values of each measure, or of each value of a second dimension. */
export function seriesOf({ cells }, { dimensions, measures }, measure = measures[0]) {
  const [first, second] = dimensions;
  const decimals = decimalsOf(cells, measure);
  const text = (value) => (value === null || value === undefined || value === "" ? t("(empty)") : String(value));
  if (!second) {
    const rows = cells.slice(0, MAX_LABELS);
    const labels = rows.map((row, i) => (first ? text(row[first]) : String(i + 1)));
    const shown = [...new Set([measure, ...measures])].slice(0, 1);
    return { labels, series: shown.map((name) => ({ name, values: rows.map((row) => numberOf(row[name])) })), times: allTimes(labels), decimals };
  }
  const labels = [...new Set(cells.map((row) => text(row[first])))].slice(0, MAX_LABELS);
  const names = [...new Set(cells.map((row) => text(row[second])))].slice(0, MAX_SERIES);
  const series = names.map((name) => ({
    name,
    values: labels.map((label) => {
      const row = cells.find((one) => text(one[first]) === label && text(one[second]) === name);
      return row ? numberOf(row[measure]) : NaN;
    }),
  }));
  return { labels, series, times: allTimes(labels), decimals };
}

const allTimes = (labels) => labels.length > 0 && labels.every((one) => TIME.test(one));

/** Returns a label as people read it: a month without its first day, a day without its midnight. */
export function shortLabel(label) {
  const found = /^(\d{4})-(\d\d)(?:-(\d\d))?(?:T00:00:00(?:\.0+)?(?:Z|[+-]\d\d:\d\d))?$/.exec(label);
  if (!found) return label.length > 26 ? `${label.slice(0, 25)}…` : label;
  const [, year, month, day] = found;
  const names = t("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split(" ");
  const name = names[Number(month) - 1];
  return !day || day === "01" ? `${name} ${year}` : `${Number(day)} ${name} ${year}`;
}

/** Returns round numbers that a scale goes through. */
export function ticks(low, high, count = 5) {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / count;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * unit >= raw) * unit;
  const from = Math.floor(low / step + 1e-9) * step;
  const found = [];
  for (let at = from; at < high + step * 0.999; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

export const format = (value, decimals = 0) => number(value,
  { minimumFractionDigits: decimals, maximumFractionDigits: Math.max(2, decimals) });

/** Returns how many digits the exact numbers of a measure have behind the point. */
const decimalsOf = (cells, measure) => Math.min(4, Math.max(0, ...cells.map((row) =>
  (typeof row[measure] === "string" ? (row[measure].split(".")[1] ?? "").length : 0))));

/** Returns the marks of a chart: {kind, …} in a box of width × height. */
export function layout(type, data, { width = 720, height = 360 } = {}) {
  if (type === "pie") return pie(data, width, height);
  if (type === "scatter") return scatter(data, width, height);
  if (type === "bar" && !data.times && data.series.length === 1 && data.labels.length > 4) return rows(data, width);
  return upright(type, data, width, height);
}

const valuesOf = (series) => series.flatMap((one) => one.values).filter((one) => !Number.isNaN(one));

function scale(values, from, to) {
  const low = Math.min(0, ...values);
  const marks = ticks(low, Math.max(0, ...values));
  const [first, last] = [marks[0], marks.at(-1)];
  const at = (value) => from + ((value - first) / (last - first || 1)) * (to - from);
  return { marks, at };
}

function rows(data, width) {
  const { labels, series, decimals } = data;
  const step = 26;
  const left = Math.min(200, 24 + 6.6 * Math.max(...labels.map((one) => shortLabel(one).length)));
  const height = labels.length * step + 34;
  const { marks, at } = scale(valuesOf(series), left, width - 70);
  const out = marks.map((one) => ({ kind: "grid", x1: at(one), x2: at(one), y1: 8, y2: height - 24, label: format(one), x: at(one), y: height - 8, anchor: "middle" }));
  labels.forEach((label, i) => {
    const value = series[0].values[i];
    const y = 10 + i * step;
    out.push({ kind: "label", x: left - 8, y: y + 14, text: shortLabel(label), anchor: "end" });
    if (Number.isNaN(value)) return;
    out.push({ kind: "bar", x: Math.min(at(0), at(value)), y: y + 2, width: Math.max(1, Math.abs(at(value) - at(0))), height: step - 8, colour: 0, title: `${label}: ${format(value, decimals)}` });
    out.push({ kind: "label", x: Math.max(at(0), at(value)) + 6, y: y + 14, text: format(value, decimals), anchor: "start", strong: true });
  });
  return { width, height, marks: out, legend: [] };
}

function upright(type, data, width, height) {
  const { labels, series, decimals } = data;
  const legend = series.length > 1 ? series.map((one, i) => ({ name: one.name, colour: i })) : [];
  const [top, bottom, right] = [14, height - 44, width - 16];
  const { marks, at } = scale(valuesOf(series), bottom, top);
  const left = 20 + 7 * Math.max(...marks.map((one) => format(one).length));
  const out = marks.map((one) => ({ kind: "grid", x1: left, x2: right, y1: at(one), y2: at(one), label: format(one), x: left - 8, y: at(one) + 4, anchor: "end" }));
  const step = (right - left) / Math.max(1, labels.length);
  const every = Math.ceil(labels.length / Math.max(1, Math.floor((right - left) / 78)));
  labels.forEach((label, i) => {
    if (i % every === 0) out.push({ kind: "label", x: left + step * (i + 0.5), y: height - 24, text: shortLabel(label), anchor: "middle" });
  });
  series.forEach((one, s) => {
    const x = (i) => left + step * (i + 0.5);
    if (type === "line") {
      const points = one.values.map((value, i) => [x(i), at(value), value, i]).filter(([, , value]) => !Number.isNaN(value));
      out.push({ kind: "line", points: points.map(([px, py]) => [px, py]), colour: s, area: series.length === 1 ? at(0) : null });
      for (const [px, py, value, i] of points) out.push({ kind: "dot", x: px, y: py, colour: s, title: `${labels[i]}${legend.length ? `, ${one.name}` : ""}: ${format(value, decimals)}` });
      return;
    }
    const wide = Math.min(48, (step * 0.76) / series.length);
    one.values.forEach((value, i) => {
      if (Number.isNaN(value)) return;
      const start = x(i) - (wide * series.length) / 2 + wide * s;
      out.push({ kind: "bar", x: start, y: Math.min(at(0), at(value)), width: Math.max(1, wide - 2), height: Math.max(1, Math.abs(at(value) - at(0))), colour: s, title: `${labels[i]}${legend.length ? `, ${one.name}` : ""}: ${format(value, decimals)}` });
    });
  });
  return { width, height, marks: out, legend };
}

function pie({ labels, series }, width, height) {
  const pairs = labels.map((label, i) => [label, series[0].values[i]]).filter(([, value]) => value > 0);
  const sorted = pairs.toSorted((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, 7);
  const rest = sorted.slice(7).reduce((sum, [, value]) => sum + value, 0);
  if (rest) shown.push([t("others"), rest]);
  const total = shown.reduce((sum, [, value]) => sum + value, 0) || 1;
  const [cx, cy, outer, inner] = [width * 0.36, height / 2, height / 2 - 16, (height / 2 - 16) * 0.58];
  const point = (turn, radius) => [cx + radius * Math.sin(turn), cy - radius * Math.cos(turn)];
  let from = 0;
  const marks = shown.map(([label, value], i) => {
    const to = from + (value / total) * 2 * Math.PI * 0.99999;
    const big = to - from > Math.PI ? 1 : 0;
    const [a, b, c, d] = [point(from, outer), point(to, outer), point(to, inner), point(from, inner)];
    const path = `M${a}A${outer},${outer} 0 ${big} 1 ${b}L${c}A${inner},${inner} 0 ${big} 0 ${d}Z`;
    from = to;
    return { kind: "slice", path, colour: i, title: `${label}: ${format(value)} (${format((value / total) * 100)} %)` };
  });
  const legend = shown.map(([label, value], i) => ({ name: `${shortLabel(label)}  ${format((value / total) * 100)} %`, colour: i, x: width * 0.66, y: height / 2 - shown.length * 12 + i * 24 + 12 }));
  return { width, height, marks, legend };
}

function scatter({ points, names }, width, height) {
  const [left, right, top, bottom] = [70, width - 16, 14, height - 50];
  const across = scale(points.map((one) => one.x), left, right);
  const up = scale(points.map((one) => one.y), bottom, top);
  const out = [
    ...up.marks.map((one) => ({ kind: "grid", x1: left, x2: right, y1: up.at(one), y2: up.at(one), label: format(one), x: left - 8, y: up.at(one) + 4, anchor: "end" })),
    ...across.marks.map((one) => ({ kind: "label", x: across.at(one), y: bottom + 18, text: format(one), anchor: "middle" })),
    { kind: "label", x: (left + right) / 2, y: height - 8, text: names[0], anchor: "middle", strong: true },
    { kind: "label", x: left, y: 10, text: names[1], anchor: "end", strong: true },
    ...points.map((one) => ({ kind: "dot", x: across.at(one.x), y: up.at(one.y), colour: 0, title: `${one.label}: ${format(one.x)}, ${format(one.y)}` })),
  ];
  return { width, height, marks: out, legend: [] };
}

/** Returns the points of two measures. */
export function pointsOf({ cells }, { dimensions, measures }) {
  const [x, y] = measures;
  const points = cells.map((row, i) => ({ x: numberOf(row[x]), y: numberOf(row[y]), label: dimensions[0] ? String(row[dimensions[0]]) : t("row {0}", i + 1) }));
  return { names: [x, y], points: points.filter((one) => !Number.isNaN(one.x) && !Number.isNaN(one.y)) };
}
