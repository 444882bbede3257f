// The examples of the guide print what it shows; `…` stands for any value.
import { afterEach, expect, test, vi } from "vitest";
import shown from "./guide.json" with { type: "json" };

declare const process: { env: Record<string, string> };
const real = fetch;
afterEach(() => vi.unstubAllGlobals());

const open = (value: unknown): unknown =>
  value === "…" ? expect.anything()
  : Array.isArray(value) ? value.map(open)
  : value && typeof value === "object" ?
    Object.fromEntries(Object.entries(value).map(([name, part]) => [name, open(part)]))
  : value;

test("the guide", async () => {
  vi.stubGlobal("fetch", (url: string, init: RequestInit) =>
    real(url.replace("http://127.0.0.1:8000", process.env["SHOP"]!), init),
  );
  const printed: unknown[] = [];
  vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    printed.push(values.length === 1 ? values[0] : values);
  });
  await import("./guide.js");
  expect(printed).toEqual(shown.map(open));
});
