// Builds what the explorer serves, from src/: `npm install && npm run build`.
// It writes explorer.js, explorer.css, the licences of what is in the bundle, and a hash of the sources.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static", "django_flex", "explorer");
const MOST = 200_000;

const common = { bundle: true, minify: true, write: false, legalComments: "none", metafile: true, absWorkingDir: here };
const script = await build({ ...common, entryPoints: ["src/main.js"], format: "iife", target: "es2023", charset: "utf8" });
const styles = await build({ ...common, entryPoints: ["src/explorer.css"], target: ["chrome123", "firefox120", "safari17.5"], external: ["*.svg"] });
const files = { "explorer.js": script.outputFiles[0].text, "explorer.css": styles.outputFiles[0].text };

const packages = [...new Set(Object.keys(script.metafile.inputs)
  .map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean))].sort();
files["LICENSES.txt"] = packages.map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : ""}\n`;
}).join(`\n${"-".repeat(72)}\n\n`);

// The same as in tests/explorer/test_bundle.py: names and contents of the sources, in order.
const sources = createHash("sha256");
for (const name of [...readdirSync(join(here, "src")).sort().map((one) => `src/${one}`), "build.mjs", "package.json"]) {
  sources.update(`${name}\n`).update(readFileSync(join(here, name)));
}
const size = gzipSync(files["explorer.js"], { level: 9 }).length + gzipSync(files["explorer.css"], { level: 9 }).length;
const hash = (text) => createHash("sha256").update(text).digest("hex");
files["built.json"] = `${JSON.stringify({
  sources: sources.digest("hex"), gzipped: size, "explorer.js": hash(files["explorer.js"]), "explorer.css": hash(files["explorer.css"]),
}, null, 2)}\n`;

for (const [name, text] of Object.entries(files)) writeFileSync(join(out, name), text);
console.log(`${size.toLocaleString("en")} bytes gzipped, of ${MOST.toLocaleString("en")}; ${packages.length} packages`);
if (size > MOST) process.exit(1);
