// A chart as SVG, with its downloads.

import { useRef } from "preact/hooks";
import { COLOURS, columnsOf, fitting, layout, pointsOf, seriesOf } from "./chart.js";
import { toCsv } from "./rows.js";
import { spoken } from "./form.js";
import { Choice, download, html } from "./ui.js";
import { w } from "./words.js";

const NAMES = { bar: w("Bar"), line: w("Line"), pie: w("Pie"), scatter: w("Scatter") };
const colour = (i) => COLOURS[i % COLOURS.length];

export function ChartView({ table, groups, measure, type, onType, onMeasure, skip, title }) {
  const box = useRef(null);
  const found = columnsOf(table, groups, skip);
  const types = fitting(table, found);
  if (!types.length) {
    return html`<p class="empty">There is no number to draw. Choose <b>Summarise</b>, or add a field with numbers.</p>`;
  }
  const shown = types.includes(type) ? type : types[0];
  const named = found.measures.includes(measure) ? measure : found.measures.at(groups.length ? -1 : 0);
  const data = shown === "scatter" ? pointsOf(table, found) : seriesOf(table, found, named);
  const narrow = matchMedia("(max-width: 40em)").matches;
  const drawn = layout(shown, data, narrow ? { width: 420, height: 300 } : { width: 860, height: 380 });
  const save = (kind) => saveChart(box.current.querySelector("svg"), kind, table);
  return html`<div class="chart" ref=${box}>
    <div class="bar">
      <${Choice} label="Type of chart" value=${shown} onChange=${onType} options=${types.map((one) => [one, NAMES[one]])} />
      ${found.measures.length > 1 && shown !== "scatter" && html`<label>of <select value=${named} onChange=${(e) => onMeasure(e.currentTarget.value)}>
        ${found.measures.map((one) => html`<option key=${one} value=${one}>${spoken(one)}</option>`)}</select></label>`}
      <span class="space"></span>
      ${["PNG", "SVG", "CSV"].map((kind) => html`<button type="button" class="quiet" key=${kind} onClick=${() => save(kind)}>${kind}</button>`)}
    </div>
    <${Drawing} drawn=${drawn} title=${title} />
  </div>`;
}

export function Drawing({ drawn, title }) {
  const { width, height, marks, legend } = drawn;
  const beside = legend.some((one) => "y" in one);
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox=${`0 0 ${width} ${height + (legend.length && !beside ? 26 : 0)}`}
    role="img" aria-label=${title} font-family="system-ui, sans-serif" font-size="12" fill="currentColor">
    ${marks.map((one, i) => html`<${Mark} key=${i} one=${one} />`)}
    ${legend.map((one, i) => {
      const [x, y] = beside ? [one.x, one.y] : [16 + (i % 5) * ((width - 32) / 5), height + 14];
      return html`<g key=${i}><rect x=${x} y=${y - 10} width="11" height="11" rx="3" fill=${colour(one.colour)} />
        <text x=${x + 17} y=${y}>${one.name.length > 24 ? `${one.name.slice(0, 23)}…` : one.name}</text></g>`;
    })}
  </svg>`;
}

function Mark({ one }) {
  const title = one.title && html`<title>${one.title}</title>`;
  switch (one.kind) {
    case "grid": return html`<g><line x1=${one.x1} x2=${one.x2} y1=${one.y1} y2=${one.y2} stroke="currentColor" stroke-opacity=".14" />
      <text x=${one.x} y=${one.y} text-anchor=${one.anchor} fill-opacity=".7">${one.label}</text></g>`;
    case "label": return html`<text x=${one.x} y=${one.y} text-anchor=${one.anchor} font-weight=${one.strong ? 600 : 400}>${one.text}</text>`;
    case "bar": return html`<rect x=${one.x} y=${one.y} width=${one.width} height=${one.height} rx="3" fill=${colour(one.colour)}>${title}</rect>`;
    case "slice": return html`<path d=${one.path} fill=${colour(one.colour)} stroke="none">${title}</path>`;
    case "dot": return html`<circle cx=${one.x} cy=${one.y} r="4" fill=${colour(one.colour)}>${title}</circle>`;
    case "line": {
      const path = one.points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
      const closed = one.area !== null && one.points.length > 1
        ? `${path}L${one.points.at(-1)[0]},${one.area}L${one.points[0][0]},${one.area}Z` : null;
      return html`<g>${closed && html`<path d=${closed} fill=${colour(one.colour)} fill-opacity=".13" />`}
        <path d=${path} fill="none" stroke=${colour(one.colour)} stroke-width="2.5" stroke-linejoin="round" /></g>`;
    }
    default: return null;
  }
}

async function saveChart(svg, kind, table) {
  if (kind === "CSV") return download("chart.csv", "text/csv", toCsv(table));
  const copy = svg.cloneNode(true);
  const style = getComputedStyle(svg);
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  copy.setAttribute("color", style.color);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const text = new XMLSerializer().serializeToString(copy);
  if (kind === "SVG") return download("chart.svg", "image/svg+xml", text);
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: width * 2, height: height * 2 });
  const draw = canvas.getContext("2d");
  draw.fillStyle = getComputedStyle(document.body).backgroundColor;
  draw.fillRect(0, 0, canvas.width, canvas.height);
  draw.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  canvas.toBlob((blob) => download("chart.png", "image/png", blob));
  return undefined;
}
