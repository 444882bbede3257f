/**
 * Options for TanStack Query (React, Vue, Solid, Svelte; version 5) from a client of django_flex.
 * Written by `manage.py flex_types`; imports nothing but types.
 *
 *     const shop = queries(createClient(api));
 *     useQuery(shop.list("album", { fields: "id, title" }));
 *     useMutation(shop.add(queryClient, "playlist"));
 */
import type { Client } from "./client.js";
import type {
  ActionCall,
  AggregateQuery,
  Call,
  Checked,
  CheckedAggregate,
  GetQuery,
  Group,
  ListQuery,
  ListRow,
  NextQuery,
  Of,
  Page,
  Row,
  With,
} from "./types.js";

/** What invalidates queries: a `QueryClient`. */
export interface Invalidates {
  invalidateQueries(filters: { queryKey: readonly unknown[] }): Promise<unknown>;
}
/** Keys begin with the model, so that all queries of a model can be invalidated together. */
export type Key = readonly [scope: "flex", model: string, kind?: string, ...asked: unknown[]];

interface Context {
  signal: AbortSignal;
}
interface Asks<V> {
  queryKey: Key;
  queryFn: (context: Context) => Promise<V>;
}
interface AsksOn<V> {
  queryKey: Key;
  queryFn: (context: Context & { pageParam: NextQuery<V> | undefined }) => Promise<Page<V>>;
  initialPageParam: NextQuery<V> | undefined;
  getNextPageParam: (last: Page<V>) => NextQuery<V> | undefined;
}
interface Mutates<Values, V> {
  mutationFn: (values: Values) => Promise<V>;
  onSuccess: () => Promise<unknown>;
}

/** The key of all queries of a model, or of all models. */
export const keyOf = (model?: string): readonly unknown[] => (model === undefined ? ["flex"] : ["flex", model]);

/** Return what makes options of queries and mutations. */
export function queries<S>(client: Pick<Client<S>, "api">) {
  // One signature for all models: the client has checked them.
  const any = client as unknown as Record<
    "list" | "page" | "get" | "aggregate" | "add" | "edit" | "delete" | "action",
    (...given: unknown[]) => Promise<never>
  >;
  const changes = <Values, V>(
    queryClient: Invalidates,
    models: readonly string[],
    mutationFn: (values: Values) => Promise<V>,
  ): Mutates<Values, V> => ({
    mutationFn,
    onSuccess: () => Promise.all(models.map((model) => queryClient.invalidateQueries({ queryKey: keyOf(model) }))),
  });
  return {
    /** The first rows of a list. */
    list<M extends With<S, "list">, const Q extends ListQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      query?: Q & Checked<Of<S, M>["reach"], Q>,
    ): Asks<ListRow<Of<S, M>["reach"], Q>[]> {
      return {
        queryKey: ["flex", model, "list", query ?? {}],
        queryFn: ({ signal }) => any.list(model, query, { signal }),
      };
    },
    /** A list page by page, by cursors: for `useInfiniteQuery`. */
    infinite<M extends With<S, "list">, const Q extends ListQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      query?: Q & Checked<Of<S, M>["reach"], Q>,
    ): AsksOn<ListRow<Of<S, M>["reach"], Q>> {
      const first = { cursor: true, ...query };
      return {
        queryKey: ["flex", model, "infinite", query ?? {}],
        queryFn: ({ pageParam, signal }) => any.page(model, pageParam ?? first, { signal }),
        initialPageParam: undefined,
        getNextPageParam: (last) => last.next,
      };
    },
    /** One row. */
    get<M extends With<S, "get">, const Q extends GetQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      id: Of<S, M>["key"],
      query?: Q & Checked<Of<S, M>["reach"], Q>,
    ): Asks<Row<Of<S, M>["reach"], Q>> {
      return {
        queryKey: ["flex", model, "get", id, query ?? {}],
        queryFn: ({ signal }) => any.get(model, id, query, { signal }),
      };
    },
    /** Totals, or with `group_by` groups. */
    aggregate<M extends With<S, "aggregate">, const Q extends AggregateQuery<Of<S, M>["reach"]> = {}>(
      model: M,
      query?: Q & CheckedAggregate<Of<S, M>["reach"], Q>,
    ): Asks<Q extends { readonly group_by: unknown } ? Group<Of<S, M>["reach"], Q>[] : Group<Of<S, M>["reach"], Q>> {
      return {
        queryKey: ["flex", model, "aggregate", query ?? {}],
        queryFn: ({ signal }) => any.aggregate(model, query, { signal }),
      };
    },
    /** Add a row, and read again what was read of its model, and of other models that are named. */
    add<M extends With<S, "add">>(
      queryClient: Invalidates,
      model: M,
      others: readonly (keyof S & string)[] = [],
      call: Call = {},
    ): Mutates<Of<S, M>["add"], Row<Of<S, M>["reach"], {}>> {
      return changes(queryClient, [model, ...others], (values) => any.add(model, values, call));
    },
    /** Edit a row. */
    edit<M extends With<S, "edit">>(
      queryClient: Invalidates,
      model: M,
      others: readonly (keyof S & string)[] = [],
      call: Call = {},
    ): Mutates<{ id: Of<S, M>["key"]; values: Of<S, M>["edit"] }, Row<Of<S, M>["reach"], {}>> {
      return changes(queryClient, [model, ...others], ({ id, values }) => any.edit(model, id, values, call));
    },
    /** Delete a row. */
    delete<M extends With<S, "delete">>(
      queryClient: Invalidates,
      model: M,
      others: readonly (keyof S & string)[] = [],
      call: Call = {},
    ): Mutates<Of<S, M>["key"], void> {
      return changes(queryClient, [model, ...others], (id) => any.delete(model, id, call));
    },
    /** Run a model action, with what `client.action` takes. */
    action<M extends keyof S & string, A extends keyof Of<S, M>["actions"] & string>(
      queryClient: Invalidates,
      model: M,
      id: A,
      others: readonly (keyof S & string)[] = [],
    ): Mutates<CallOf<S, M, A>, Awaited<ReturnType<Client<S>["action"]>>> {
      return changes(queryClient, [model, ...others], (given) => any.action(model, id, given));
    },
  };
}

type CallOf<S, M extends keyof S, A extends keyof Of<S, M>["actions"]> = ActionCall<
  Of<S, M>["actions"][A],
  Of<S, M>["reach"],
  Of<S, M>["key"],
  never
>;
