// The relations of the models as a diagram.

import { useMemo } from "preact/hooks";
import { own } from "./describe.js";
import { html, plural } from "./ui.js";
import { t } from "./words.js";

const WIDTH = 168;
const ROW = 19;
const HEAD = 30;
const MOST = 7;

/** Returns {boxes, lines, width, height}: models in columns by how far they are from those that refer to nothing. */
export function arrange(models) {
  const names = Object.keys(models);
  const to = (name) => Object.entries(models[name].relations ?? {})
    .filter(([path, one]) => path in models[name].fields && own(path) && !one.many && models[one.model] && one.model !== name)
    .map(([path, one]) => [path, one.model]);
  const level = {};
  const depth = (name, seen) => {
    if (level[name] !== undefined) return level[name];
    if (seen.includes(name)) return 0;
    const found = to(name).map(([, other]) => depth(other, [...seen, name]) + 1);
    return (level[name] = Math.max(0, ...found));
  };
  names.forEach((name) => depth(name, []));
  const columns = [];
  for (const name of names) (columns[level[name]] ??= []).push(name);
  const boxes = {};
  let height = 0;
  columns.forEach((column, i) => {
    let y = 16;
    for (const name of column) {
      const fields = Object.keys(models[name].fields).filter(own);
      const tall = HEAD + Math.min(fields.length, MOST + 1) * ROW + 8;
      boxes[name] = { name, x: 16 + i * (WIDTH + 84), y, width: WIDTH, height: tall, fields: fields.slice(0, MOST), more: Math.max(0, fields.length - MOST) };
      y += tall + 22;
    }
    height = Math.max(height, y);
  });
  const lines = names.flatMap((name) => to(name).map(([path, other]) => ({ from: name, to: other, path })));
  return { boxes: Object.values(boxes), lines: lines.map((one) => ({ ...one, d: curve(boxes[one.from], boxes[one.to], one.path) })), width: Math.max(WIDTH, columns.length * (WIDTH + 84) - 50), height: Math.max(height, ROW) };
}

function curve(from, to, path) {
  const at = from.fields.indexOf(path);
  const y1 = from.y + HEAD + (at < 0 ? Math.min(from.fields.length, MOST) + 0.5 : at + 0.5) * ROW;
  const [x1, x2, y2] = [from.x, to.x + to.width, to.y + HEAD / 2];
  const bend = Math.max(30, (x1 - x2) / 2);
  return `M${x1},${y1}C${x1 - bend},${y1} ${x2 + bend},${y2} ${x2},${y2}`;
}

export function Diagram({ models, onModel }) {
  const { boxes, lines, width, height } = useMemo(() => arrange(models), [models]);
  return html`<div class="scroll diagram" tabindex="0" role="region" aria-label="Diagram of the relations">
    <svg width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="group" aria-label=${plural(boxes.length, "model")} font-size="12">
      ${lines.map((one) => html`<path key=${one.from + one.path} d=${one.d} class="relation"><title>${`${one.from}.${one.path} → ${one.to}`}</title></path>`)}
      ${boxes.map((one) => html`<g key=${one.name} class="box" role="button" tabindex="0" transform=${`translate(${one.x},${one.y})`}
        onClick=${() => onModel(one.name)} onKeyDown=${(event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), onModel(one.name))}>
        <rect width=${one.width} height=${one.height} rx="8" />
        <text x="12" y="20" font-weight="600">${one.name}</text>
        ${one.fields.map((path, i) => html`<text key=${path} x="12" y=${HEAD + (i + 0.75) * ROW} class="field">${path.length > 22 ? `${path.slice(0, 21)}…` : path}</text>`)}
        ${one.more > 0 && html`<text x="12" y=${HEAD + (MOST + 0.75) * ROW} class="field">${t("and {0} more", one.more)}</text>`}
      </g>`)}
    </svg></div>`;
}
