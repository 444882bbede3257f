/**
 * A client for the API of django_flex. Written by `manage.py flex_types`; needs `fetch`, and nothing else.
 *
 *     const shop = createClient(api, { baseUrl: "https://shop.example" });
 *     const albums = await shop.list("album", { fields: "id, artist.name" });
 */
import type {
  ActionCall,
  ActionOf,
  AggregateQuery,
  Api,
  Call,
  Checked,
  CheckedAggregate,
  CheckFields,
  CheckFilters,
  GetQuery,
  Group,
  Json,
  ListQuery,
  ListRow,
  Names,
  NextQuery,
  Of,
  Page,
  Row,
  Text,
  With,
  Write,
  Written,
} from "./types.js";

export type * from "./types.js";

/** A refusal of the server, or a reply that is none of its replies (code `http`). */
export class FlexError extends Error {
  override readonly name = "FlexError";
  readonly status: number;
  readonly code: string;
  readonly path: string | undefined;
  readonly hint: string | undefined;
  /** The messages about each value of a write, by its name. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** After how many seconds to try again. */
  readonly retryAfter: number | undefined;
  readonly body: unknown;

  constructor(status: number, body: unknown, retryAfter?: number) {
    const said = (body ?? {}) as {
      error?: string;
      title?: string;
      code?: string;
      path?: string;
      hint?: string;
      fields?: Record<string, string[]>;
      retry_after?: number;
    };
    super(said.error ?? said.title ?? `The reply has status ${status}`);
    this.status = status;
    this.code = said.code ?? "http";
    this.path = said.path;
    this.hint = said.hint;
    this.fields = said.fields ?? {};
    this.retryAfter = said.retry_after ?? retryAfter;
    this.body = body;
  }
}

export interface Options {
  /** Scheme and host of the API, if it is not the page's own. */
  baseUrl?: string;
  /** Headers of each request, such as `Authorization`. */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /** Sent with each request, such as `include` for the cookies of another site. */
  credentials?: RequestCredentials;
  /** How queries are sent: QUERY, POST, or (the default) POST from when QUERY does not get through. */
  method?: "auto" | "QUERY" | "POST";
  /** The cookie with the CSRF token, for writes of a session. */
  csrfCookie?: string;
  fetch?: typeof fetch;
}
interface Sent extends Call {
  method: string;
  url: string;
  body?: unknown;
  write?: boolean;
  more?: Record<string, string | undefined>;
}
type Body = Record<string, unknown>;

/** Return a client for what a role may do. */
export function createClient<S>(api: Api<S>, options: Options = {}) {
  const base = (options.baseUrl ?? "").replace(/\/$/, "") + api.prefix;
  let query = options.method ?? "auto";

  const key = (name: string) =>
    api.camel ? name.replace(/(?!^)_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name;
  const wire = (asked: object): Body =>
    Object.fromEntries(
      Object.entries(asked)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [key(name), name === "related" ? related(value as Record<string, object>) : value]),
    );
  const related = (lists: Record<string, object>) =>
    Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, wire(list)]));
  const at = (model: string, ...parts: unknown[]) =>
    `${base}${api.urls[model]}/${parts.map((part) => encodeURIComponent(String(part))).join("/")}`;

  async function send({ method, url, body, write, more, signal, headers }: Sent): Promise<unknown> {
    const given = new Headers(typeof options.headers === "function" ? await options.headers() : options.headers);
    new Headers(headers).forEach((value, name) => given.set(name, value));
    const form = body instanceof FormData;
    if (body !== undefined && !form) given.set("Content-Type", "application/json");
    given.set("Accept", "application/json");
    for (const [name, value] of Object.entries(more ?? {})) if (value !== undefined) given.set(name, value);
    const token = write && typeof document !== "undefined" ? cookie(options.csrfCookie ?? "csrftoken") : undefined;
    if (token && !given.has(api.csrfHeader)) given.set(api.csrfHeader, token);
    const reply = await (options.fetch ?? fetch)(url, {
      method,
      headers: given,
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      ...(options.credentials ? { credentials: options.credentials } : {}),
    });
    const text = await reply.text();
    let found: unknown;
    try {
      found = text ? JSON.parse(text) : undefined;
    } catch {
      throw new FlexError(reply.ok ? 0 : reply.status, text);
    }
    const status = (api.statusInBody && (found as { status_code?: number } | undefined)?.status_code) || reply.status;
    if (status >= 400) throw new FlexError(status, found, Number(reply.headers.get("Retry-After")) || undefined);
    return found;
  }

  /** Send a query by QUERY, or by POST from when that does not get through. */
  async function read(model: string, ending: "query" | "aggregate", asked: Body, call: Call): Promise<unknown> {
    const post = () => send({ ...call, method: "POST", url: at(model, ending), body: asked });
    if (query === "POST") return post();
    try {
      return await send({
        ...call,
        method: "QUERY",
        url: at(model, ...(ending === "query" ? [] : [ending])),
        body: asked,
      });
    } catch (error) {
      // Our own refusals have a code; no reply, or one of a proxy, may be about the method.
      const refused = error instanceof FlexError ? error.code === "http" : error instanceof TypeError;
      if (query === "QUERY" || !refused) throw error;
      const found = await post();
      query = "POST";
      return found;
    }
  }

  async function page(model: string, asked: object, call: Call): Promise<Page<unknown>> {
    const { pagination, results, aggregates } = (await read(
      model,
      "query",
      { ...wire(asked), shape: "list" },
      call,
    )) as { pagination: Record<string, unknown>; results: unknown[]; aggregates?: Json };
    return {
      rows: results,
      offset: pagination["offset"] as number,
      limit: pagination["limit"] as number,
      hasMore: pagination[key("has_more")] as boolean,
      next: pagination["next"] as object | undefined,
      prev: pagination["prev"] as object | undefined,
      count: pagination["count"] as number | undefined,
      countKind: pagination[key("count_kind")] as string | undefined,
      aggregates,
    };
  }

  async function* pages(model: string, asked: Body, call: Call): AsyncGenerator<Page<unknown>, void, undefined> {
    const cursor = asked["cursor"] ?? (asked["distinct"] === true || asked["offset"] !== undefined ? undefined : true);
    let next: object | undefined = { ...asked, cursor };
    while (next) {
      const found: Page<unknown> = await page(model, next, call);
      yield found;
      next = found.next;
    }
  }

  const write = (method: string, url: string, body: Body | undefined, call: Write<unknown>) => {
    const all = body && {
      ...body,
      ...(call.fields === undefined ? {} : { _fields: call.fields }),
      ...(call.dryRun ? { [key("_dry_run")]: true } : {}),
    };
    return send({
      ...call,
      method,
      url,
      write: true,
      body: all && withFiles(all),
      more: { "Idempotency-Key": call.idempotencyKey, "If-Match": call.ifMatch },
    });
  };

  return {
    api,
    /** The first rows of a list: as many as `limit`, or the server's default. */
    async list<M extends With<S, "list">, const Q extends ListQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      query?: Q & Checked<Of<S, M>["reach"], Q>,
      call: Call = {},
    ): Promise<ListRow<Of<S, M>["reach"], Q>[]> {
      return (await page(model, query ?? {}, call)).rows as never;
    },
    /** One page of a list, or the page beside another one. */
    page: page as {
      <M extends With<S, "list">, V>(model: M, next: NextQuery<V> & { fields?: never }, call?: Call): Promise<Page<V>>;
      <M extends With<S, "list">, const Q extends ListQuery<Of<S, M>["reach"]> = {}>(
        model: M,
        query?: Q & Checked<Of<S, M>["reach"], Q>,
        call?: Call,
      ): Promise<Page<ListRow<Of<S, M>["reach"], Q>>>;
    },
    /** All pages of a list, each read when it is asked for; by cursors, unless the query has an offset. */
    pages<M extends With<S, "list">, const Q extends ListQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      query?: Q & Checked<Of<S, M>["reach"], Q>,
      call: Call = {},
    ): AsyncGenerator<Page<ListRow<Of<S, M>["reach"], Q>>, void, undefined> {
      return pages(model, (query ?? {}) as Body, call) as never;
    },
    /** All rows of a list, page by page. */
    async *rows<M extends With<S, "list">, const Q extends ListQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      query?: Q & Checked<Of<S, M>["reach"], Q>,
      call: Call = {},
    ): AsyncGenerator<ListRow<Of<S, M>["reach"], Q>, void, undefined> {
      for await (const found of pages(model, (query ?? {}) as Body, call)) yield* found.rows as never[];
    },
    /** One row. */
    async get<M extends With<S, "get">, const Q extends GetQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      id: Of<S, M>["key"],
      query?: Q & Checked<Of<S, M>["reach"], Q>,
      call: Call = {},
    ): Promise<Row<Of<S, M>["reach"], Q>> {
      const asked = query ? `?q=${encodeURIComponent(JSON.stringify(wire(query)))}` : "";
      return (await send({ ...call, method: "GET", url: at(model, id) + asked })) as never;
    },
    /** The totals of all rows, or with `group_by` those of each group. */
    async aggregate<M extends With<S, "aggregate">, const Q extends AggregateQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      query?: Q & CheckedAggregate<Of<S, M>["reach"], Q>,
      call: Call = {},
    ): Promise<Q extends { readonly group_by: unknown } ? Group<Of<S, M>["reach"], Q>[] : Group<Of<S, M>["reach"], Q>> {
      return ((await read(model, "aggregate", wire(query ?? {}), call)) as { results: never }).results;
    },
    /** Add a row. */
    async add<M extends With<S, "add">, const F extends Text | undefined = undefined>(
      model: M,
      values: Of<S, M>["add"],
      call: Write<F> & { fields?: CheckFields<Of<S, M>["reach"]["reads"], F> } = {},
    ): Promise<Written<S, M, F>> {
      return (await write("POST", at(model), values as Body, call)) as never;
    },
    /** Add several rows, all or none. */
    async addMany<M extends With<S, "add">, const F extends Text | undefined = undefined>(
      model: M,
      rows: readonly Of<S, M>["add"][],
      call: Write<F> & { fields?: CheckFields<Of<S, M>["reach"]["reads"], F> } = {},
    ): Promise<Written<S, M, F>[]> {
      return ((await write("POST", at(model), { _items: rows }, call)) as { results: never }).results;
    },
    /** Edit a row: what is not sent stays. */
    async edit<M extends With<S, "edit">, const F extends Text | undefined = undefined>(
      model: M,
      id: Of<S, M>["key"],
      values: Of<S, M>["edit"],
      call: Write<F> & { fields?: CheckFields<Of<S, M>["reach"]["reads"], F> } = {},
    ): Promise<Written<S, M, F>> {
      return (await write("PATCH", at(model, id), values as Body, call)) as never;
    },
    /** Add a row, or edit the one that has the same values in these unique fields. */
    async upsert<M extends With<S, "add"> & With<S, "edit">, const F extends Text | undefined = undefined>(
      model: M,
      match: Text,
      values: Of<S, M>["add"],
      call: Write<F> & { fields?: CheckFields<Of<S, M>["reach"]["reads"], F> } = {},
    ): Promise<Written<S, M, F>> {
      return (await write(
        "PUT",
        `${at(model)}?match=${encodeURIComponent(String(match))}`,
        values as Body,
        call,
      )) as never;
    },
    /** Delete a row. */
    async delete<M extends With<S, "delete">>(model: M, id: Of<S, M>["key"], call: Write = {}): Promise<void> {
      await write("DELETE", at(model, id), undefined, call);
    },
    /** Edit all rows that match; the reply is how many. `most`: if there were more, nothing happens. */
    async editWhere<M extends With<S, "bulk_edit">, const F>(
      model: M,
      filters: F & CheckFilters<Of<S, M>["reach"]["filters"], F>,
      values: Of<S, M>["edit"],
      call: Write & { most?: number } = {},
    ): Promise<number> {
      return (
        (await write(
          "POST",
          at(model),
          {
            _action: "bulk_edit",
            filters,
            _set: values,
            ...(call.most === undefined ? {} : { [key("_max_affected")]: call.most }),
          },
          call,
        )) as { affected: number }
      ).affected;
    },
    /** Delete all rows that match; the reply is how many. `most`: if there were more, nothing happens. */
    async deleteWhere<M extends With<S, "bulk_delete">, const F>(
      model: M,
      filters: F & CheckFilters<Of<S, M>["reach"]["filters"], F>,
      call: Write & { most?: number } = {},
    ): Promise<number> {
      return (
        (await write(
          "POST",
          at(model),
          {
            _action: "bulk_delete",
            filters,
            ...(call.most === undefined ? {} : { [key("_max_affected")]: call.most }),
          },
          call,
        )) as { affected: number }
      ).affected;
    },
    /** Run a model action, on the row of a `key`, on the rows of `keys` or `filters`, or on the model. */
    async action<M extends Names<S>, A extends keyof Of<S, M>["actions"] & string, const F>(
      model: M,
      id: A,
      ...[call]: {} extends ActionCall<ActionOf<S, M, A>, Of<S, M>["reach"], Of<S, M>["key"], F> ?
        [call?: ActionCall<ActionOf<S, M, A>, Of<S, M>["reach"], Of<S, M>["key"], F>]
      : [call: ActionCall<ActionOf<S, M, A>, Of<S, M>["reach"], Of<S, M>["key"], F>]
    ): Promise<{ [name: string]: Json }> {
      const given = (call ?? {}) as Write<Text> & {
        key?: unknown;
        keys?: unknown;
        filters?: unknown;
        expect?: number;
        input?: object;
        background?: boolean;
      };
      const body = {
        _input: given.input ?? {},
        _ids: given.keys,
        _filters: given.filters,
        _expect: given.expect,
        _background: given.background,
      };
      return (await write(
        "POST",
        at(model, ...(given.key === undefined ? [] : [given.key]), "actions", id) + "/",
        wire(body),
        given,
      )) as never;
    },
    /** Any request under the prefix of the API, with its headers and errors. */
    request(method: string, path: string, body?: unknown, call: Call = {}): Promise<unknown> {
      return send({ ...call, method, url: base + path, body, write: true });
    },
  };
}

/** Return a body as it is, or as a form if there are files in it. */
function withFiles(body: Body): Body | FormData {
  const files = Object.entries(body).filter(([, value]) => value instanceof Blob) as [string, Blob][];
  if (!files.length) return body;
  const form = new FormData();
  form.append(
    "_data",
    JSON.stringify({ ...body, ...Object.fromEntries(files.map(([name]) => [name, { $file: name }])) }),
  );
  for (const [name, file] of files) form.append(name, file, file instanceof File ? file.name : name);
  return form;
}

function cookie(name: string): string | undefined {
  for (const part of document.cookie.split("; "))
    if (part.startsWith(`${name}=`)) return decodeURIComponent(part.slice(name.length + 1));
  return undefined;
}

/** A client for the models of a role. */
export type Client<S> = ReturnType<typeof createClient<S>>;
