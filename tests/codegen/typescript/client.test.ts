// The client against the music shop, as it is loaded. SHOP is the URL of its server.
import { InfiniteQueryObserver, MutationObserver, QueryClient } from "@tanstack/query-core";
import { describe, expect, test, vi } from "vitest";
import { createClient, FlexError } from "./flex/client.js";
import type { Options } from "./flex/client.js";
import { api as ofAgents } from "./flex/agents.js";
import { api as ofAnon } from "./flex/anon.js";
import { api as ofManagers } from "./flex/managers.js";
import { keyOf, queries } from "./flex/tanstack.js";

declare const process: { env: Record<string, string> };
const baseUrl = process.env["SHOP"]!;
/** The headers of somebody who has logged in once. */
const headers = async (name: string): Promise<Record<string, string>> => {
  const body = JSON.stringify({ username: name, password: `${name}-demo` });
  const reply = await fetch(`${baseUrl}/auth/login`, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json" },
  });
  return { Authorization: `Bearer ${(await reply.json()).access_token}` };
};
const [asManager, asAgent] = await Promise.all([headers("andrew"), headers("jane")]);
const anon = createClient(ofAnon, { baseUrl });
const agents = createClient(ofAgents, { baseUrl, headers: asAgent });
const managers = createClient(ofManagers, { baseUrl, headers: asManager });

/** A client whose requests are recorded, and go through only if a test says so. */
function recorded(passes: (method: string) => boolean = () => true, options: Options = {}) {
  const sent: { method: string; url: string; headers: Headers; body: unknown }[] = [];
  const client = createClient(ofManagers, {
    baseUrl,
    headers: asManager,
    ...options,
    fetch: (url, init) => {
      sent.push({ method: init!.method!, url: String(url), headers: new Headers(init!.headers), body: init!.body });
      return passes(init!.method!) ? fetch(url, init) : Promise.reject(new TypeError("blocked"));
    },
  });
  return { client, sent };
}

describe("reading", () => {
  test("fields, filters and orders", async () => {
    const rows = await anon.list("album", {
      fields: "title, artist.name",
      filters: { "artist.name": "Accept" },
      order_by: "-title",
    });
    expect(rows).toEqual([
      { id: 3, title: "Restless and Wild", artist: { name: "Accept" } },
      { id: 2, title: "Balls to the Wall", artist: { name: "Accept" } },
    ]);
  });

  test("nested lists", async () => {
    const row = await anon.get("artist", 1, {
      fields: "name",
      related: { albums: { fields: "title", order_by: "title", limit: 1 } },
    });
    expect(row).toEqual({ name: "AC/DC", albums: [{ title: "For Those About To Rock We Salute You" }] });
  });

  test("groups and totals", async () => {
    const [first] = await managers.aggregate("invoice", {
      group_by: "billing_country",
      aggregate: "count, revenue:total.sum",
      order_by: "-revenue",
      limit: 1,
    });
    expect(first).toEqual({ billing_country: "USA", count: 91, revenue: "523.06" });
    expect(await managers.aggregate("invoice")).toEqual({ count: 412 });
  });

  test("all rows, page by page, by cursors", async () => {
    const names = [];
    for await (const row of anon.rows("genre", { fields: "name", order_by: "name", limit: 7 })) names.push(row.name);
    expect(names).toHaveLength(25);
    expect(names[0]).toBe("Alternative");
    const sizes = [];
    for await (const page of anon.pages("genre", { fields: "id", limit: 10 })) sizes.push(page.rows.length);
    expect(sizes).toEqual([10, 10, 5]);
  });

  test("a page, and the one before it", async () => {
    const first = await anon.page("artist", { fields: "name", limit: 2, cursor: true, count: true });
    expect(first).toMatchObject({ hasMore: true, count: 275, countKind: "exact", prev: undefined });
    const second = await anon.page("artist", first.next!);
    expect(second.rows.map((row) => row.id)).toEqual([3, 4]);
    expect((await anon.page("artist", second.prev!)).rows).toEqual(first.rows);
  });
});

describe("requests", () => {
  test("by QUERY, and by POST from when that does not get through", async () => {
    const { client, sent } = recorded((method) => method !== "QUERY");
    await client.list("genre", { fields: "name", limit: 1 });
    await client.aggregate("genre");
    expect(sent.map((one) => `${one.method} ${one.url.replace(baseUrl, "")}`)).toEqual([
      "QUERY /api/genres/",
      "POST /api/genres/query",
      "POST /api/genres/aggregate",
    ]);
  });

  test("a refusal is no reason to send it again", async () => {
    const { client, sent } = recorded();
    await expect(client.list("genre", { fields: "nme" as "name" })).rejects.toThrow(FlexError);
    expect(sent).toHaveLength(1);
  });

  test("without any connection the error is that of fetch", async () => {
    const { client } = recorded(() => false);
    await expect(client.list("genre")).rejects.toThrow("blocked");
  });

  test("only POST, where that is said", async () => {
    const { client, sent } = recorded(() => true, { method: "POST" });
    await client.list("genre", { limit: 1 });
    expect(sent[0]!.method).toBe("POST");
  });

  test("headers of each request and of one", async () => {
    const { client, sent } = recorded(() => true, {
      headers: async () => ({ ...asManager, "X-A": "1" }),
    });
    await client.list("genre", { limit: 1 }, { headers: { "X-B": "2" } });
    expect([sent[0]!.headers.get("X-A"), sent[0]!.headers.get("X-B")]).toEqual(["1", "2"]);
  });

  test("can be stopped", async () => {
    const stopped = anon.list("track", {}, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  });

  test("any other request of the API", async () => {
    expect(await anon.request("OPTIONS", "genres/")).toMatchObject({ model: "genre", role: "anon" });
  });
});

describe("other settings of the server", () => {
  const answered = (status: number, body: unknown, options: Partial<typeof ofManagers> = {}) => {
    const sent: RequestInit[] = [];
    const client = createClient(
      { ...ofManagers, ...options },
      {
        fetch: async (_, init) => {
          sent.push(init!);
          return new Response(body === undefined ? null : JSON.stringify(body), { status });
        },
      },
    );
    return { client, sent };
  };

  test("keys in camelCase", async () => {
    const { client, sent } = answered(
      200,
      { pagination: { hasMore: true, countKind: "exact" }, results: [] },
      { camel: true },
    );
    const page = await client.page("artist", { order_by: "name", related: { albums: { order_by: "title" } } });
    expect(page).toMatchObject({ hasMore: true, countKind: "exact" });
    expect(JSON.parse(sent[0]!.body as string)).toEqual({
      orderBy: "name",
      related: { albums: { orderBy: "title" } },
      shape: "list",
    });
    await client.add("genre", { name: "a" }, { dryRun: true });
    expect(JSON.parse(sent[1]!.body as string)).toEqual({ name: "a", _dryRun: true });
  });

  test("a status in the object", async () => {
    const { client } = answered(
      200,
      { status_code: 404, error: "No", code: "object.not_found" },
      { statusInBody: true },
    );
    await expect(client.get("genre", 0)).rejects.toMatchObject({
      status: 404,
      code: "object.not_found",
      message: "No",
    });
  });

  test("a reply without a body", async () => {
    const { client } = answered(204, undefined);
    expect(await client.delete("genre", 1)).toBeUndefined();
  });

  test("the token of a session goes with writes only", async () => {
    vi.stubGlobal("document", { cookie: "a=b; csrftoken=x%20y" });
    const { client, sent } = answered(200, { pagination: {}, results: [] });
    await client.list("genre");
    await client.add("genre", { name: "a" });
    vi.unstubAllGlobals();
    expect(sent.map((one) => new Headers(one.headers).get("X-CSRFToken"))).toEqual([null, "x y"]);
  });

  test("keys and models are quoted in URLs", async () => {
    const urls: string[] = [];
    const client = createClient(ofManagers, {
      fetch: async (url) => {
        urls.push(String(url));
        return new Response("{}");
      },
    });
    await client.get("genre", "../x?y" as unknown as number);
    expect(urls).toEqual(["/api/genres/..%2Fx%3Fy"]);
  });

  test("when to try again", async () => {
    const client = createClient(ofAnon, {
      fetch: async () =>
        new Response(JSON.stringify({ error: "Too many", code: "rate_limit.exceeded" }), {
          status: 429,
          headers: { "Retry-After": "7" },
        }),
    });
    await expect(client.list("genre")).rejects.toMatchObject({ status: 429, retryAfter: 7 });
  });
});

describe("writing", () => {
  test("add, edit, delete", async () => {
    const added = await managers.add("playlist", { name: "Monday" }, { fields: "id, name" });
    expect(added.name).toBe("Monday");
    expect(await managers.edit("playlist", added.id, { name: "Tuesday" }, { fields: "name" })).toEqual({
      name: "Tuesday",
    });
    await managers.delete("playlist", added.id);
    await expect(managers.get("playlist", added.id)).rejects.toMatchObject({ status: 404, code: "object.not_found" });
  });

  test("several rows, with rows inside them, and nothing of it in a dry run", async () => {
    const rows = [{ name: "The First", albums: [{ title: "One" }] }, { name: "The Second" }];
    const added = await managers.addMany("artist", rows, { fields: "name", dryRun: true });
    expect(added).toEqual([{ name: "The First" }, { name: "The Second" }]);
    expect(await managers.list("artist", { filters: { "name.in": ["The First", "The Second"] } })).toEqual([]);
  });

  test("the same key is the same request", async () => {
    const idempotencyKey = crypto.randomUUID();
    const first = await managers.add("genre", { name: "Noise" }, { idempotencyKey });
    const second = await managers.add("genre", { name: "Noise" }, { idempotencyKey });
    expect(second).toEqual(first);
    await managers.delete("genre", first.id);
  });

  test("a file goes as a form", async () => {
    const document = new File(["%PDF-1.7"], "small.pdf", { type: "application/pdf" });
    const added = await managers.add("booklet", { title: "Small", document }, { fields: "id, title, document.name" });
    expect(added).toMatchObject({ title: "Small", document: { name: expect.stringContaining("small") } });
    await managers.delete("booklet", added.id);
  });

  test("a row that has changed meanwhile is not overwritten", async () => {
    const edit = managers.edit("genre", 1, { name: "Rock" }, { ifMatch: '"of-last-week"' });
    await expect(edit).rejects.toMatchObject({ status: 412, code: "write.precondition" });
  });

  test("actions", async () => {
    const [invoice] = await managers.list("invoice", { fields: "id", filters: { "refund.id": null }, limit: 1 });
    const done = await managers.action("invoice", "refund", {
      key: invoice!.id,
      input: { reason: "Twice" },
      fields: "id",
      dryRun: true,
    });
    expect(done).toMatchObject({ id: invoice!.id });
    expect(await managers.action("playlist", "archive", { keys: [1, 2], input: { undo: true } })).toMatchObject({
      meta: { matched: 2, succeeded: 2 },
    });
  });
});

describe("errors", () => {
  test("of a query, with its place and what would be right", async () => {
    const wrong = anon.list("track", { filters: { "milliseconds.gte": "long" as unknown as number } });
    await expect(wrong).rejects.toMatchObject({
      status: 400,
      code: "query.value",
      path: "filters.milliseconds.gte",
      hint: "a whole number of at most 64 bits",
    });
  });

  test("of values, by name", async () => {
    const wrong = managers.add("playlist", { name: "" });
    await expect(wrong).rejects.toMatchObject({
      code: "write.invalid",
      fields: { name: ["This field cannot be blank."] },
    });
  });

  test("of a row of somebody else", async () => {
    await expect(agents.edit("customer", 1, { phone: "1" })).resolves.toBeDefined();
    await expect(agents.edit("customer", 2, { phone: "1" })).rejects.toMatchObject({ status: 404 });
  });

  test("of a server that is not ours", async () => {
    const client = createClient(ofAnon, { fetch: async () => new Response("<html>", { status: 502 }) });
    await expect(client.get("genre", 1)).rejects.toMatchObject({ status: 502, code: "http", body: "<html>" });
  });
});

describe("TanStack Query", () => {
  test("lists, pages, and what reads them again", async () => {
    const cache = new QueryClient();
    const shop = queries(managers);
    const read = await cache.fetchQuery(shop.list("genre", { fields: "name", order_by: "name", limit: 2 }));
    expect(read.map((row) => row.name)).toEqual(["Alternative", "Alternative & Punk"]);
    const observer = new InfiniteQueryObserver(cache, shop.infinite("genre", { fields: "name", limit: 20 }));
    const stop = observer.subscribe(() => undefined);
    await expect.poll(() => observer.getCurrentResult().data?.pages.length, { timeout: 30_000 }).toBe(1);
    const both = await observer.fetchNextPage();
    expect(both.data!.pages.map((page) => page.rows.length)).toEqual([20, 5]);
    expect(both.hasNextPage).toBe(false);
    stop();
    const seen = () =>
      cache.getQueryState(shop.list("genre", { fields: "name", order_by: "name", limit: 2 }).queryKey)!;
    expect(seen().isInvalidated).toBe(false);
    const added = await new MutationObserver(cache, shop.add(cache, "genre", ["track"])).mutate({ name: "Aria" });
    expect(seen().isInvalidated).toBe(true);
    await new MutationObserver(cache, shop.delete(cache, "genre")).mutate(added.id);
    expect(cache.getQueryCache().findAll({ queryKey: keyOf("genre") }).length).toBeGreaterThan(1);
    cache.clear();
  });
});
