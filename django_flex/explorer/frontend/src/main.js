import { render } from "preact";
import { App } from "./app.js";
import { html } from "./ui.js";
import { speak } from "./words.js";

const root = document.getElementById("explorer");
const config = JSON.parse(root.dataset.config);
speak(config.language);
render(html`<${App} config=${config} />`, root);
