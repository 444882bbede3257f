/**
 * The types of the client of django_flex. Written by `manage.py flex_types`; nothing in here is left at run time.
 *
 * What a query returns follows from its text: `fields: "id, customer.name"` gives rows of the type
 * `{ id: number; customer: { name: string } | null }`. What the role may not use does not compile.
 */

// --- what a module of a role consists of ----------------------------------------------------------

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** A text that is one of these, unless the row is older than the choices. */
export type Hint<T extends string> = T | (string & {});
/** A value that the server computes; `$value` is for a literal object. */
export type Dynamic = { $now: string | true } | { $user: string } | { $field: string } | { $value: unknown };

/** A to-one relation: its key, `never` where the role may not read it, and what is behind it. */
export interface One<Reads, Key, Missing> {
  $one: Reads;
  $is: Key;
  $missing: Missing;
}
/** A to-many relation: what its lists may ask, the keys of its rows, its aggregates. */
export interface Many<Inside, Key, Totals> {
  $many: Inside;
  $is: Key;
  $totals: Totals;
}
/** A value with parts that can be named behind it. */
export interface Parted<Value, Parts, Missing = never> {
  $is: Value;
  $parts: Parts;
  $missing: Missing;
}
/** A value any key of which can be named behind it. */
export interface Open<Value> {
  $is: Value;
  $open: true;
}
/** Conditions on a value or a row, by the names that may follow. */
export interface Conditions {
  $conditions: true;
}
/** Conditions on any key of a value. */
export interface OpenConditions extends Conditions {
  $open: true;
}
/** Conditions on related rows: on some of them, or on one and the same. */
export type Rows<C> = C & Omit<{ some: Nested<C>; none: Nested<C>; every: Nested<C> }, keyof C>;
export interface Nested<C> {
  $nested: C;
}
/** What may be sorted by: the value, its parts. */
export interface Sorted<Direction, Part = never> {
  $sorted: Direction;
  $part: Part;
}
/** The same for any key of a value. */
export interface SortedKeys<Direction> {
  $open: Direction;
}

/** What may be asked about rows. */
export interface Reach {
  key: string;
  keyType: unknown;
  reads: object;
  filters: object;
  orders: object;
  totals: object;
  groups: object;
  search: boolean;
}
/** A model action. */
export interface Action<Scope extends "instance" | "bulk" | "collection" | "global", Input> {
  scope: Scope;
  input: Input;
}
/** A model, as a role may use it. */
export interface Model {
  operations: string;
  key: unknown;
  reach: Reach;
  add: object;
  edit: object;
  actions: object;
}
/** What the client needs to know at run time, and (as a type only) the models of a role. */
export interface Api<Schema> {
  readonly prefix: string;
  readonly urls: Readonly<Record<string, string>>;
  readonly camel: boolean;
  readonly statusInBody: boolean;
  readonly csrfHeader: string;
  readonly schema?: Schema;
}

// --- texts ----------------------------------------------------------------------------------------

type Space = " " | "\n" | "\t";
type Trim<T extends string> =
  T extends `${Space}${infer R}` ? Trim<R>
  : T extends `${infer R}${Space}` ? Trim<R>
  : T;
type Split<T extends string, Found = never> =
  T extends `${infer A},${infer B}` ? Split<B, Found | Trim<A>> : Found | Trim<T>;
export type Text = string | readonly string[];
/** The terms of a text with commas, or of a list. */
type Terms<T> =
  T extends readonly string[] ? Trim<T[number]>
  : T extends string ? Split<T>
  : never;
type Head<T> = T extends `${infer H}.${string}` ? H : T;
type Rest<T, H extends string> = T extends `${H}.${infer R}` ? R : never;
type IsUnion<T, U = T> =
  [T] extends [never] ? false
  : T extends unknown ?
    [U] extends [T] ?
      false
    : true
  : never;
type Flat<T> = { [K in keyof T]: T[K] };
type Name<N> = Exclude<keyof N & string, `$${string}`>;
/** What the compiler shows where something is refused. */
export interface Refused<Reason extends string> {
  readonly $refused: Reason;
}

// --- fields ---------------------------------------------------------------------------------------

type Is<C> = C extends { $is: infer V } ? V : C;
type Plain<T> =
  T extends `-${string}` ? never
  : T extends `${string}:${string}` ? never
  : T;
type Excluded<T> = T extends `-${infer P}` ? Trim<P> : never;
type Named<N> = N extends { $named: infer U } ? U : never;
/** The names that `*` covers. */
type Covered<N> = {
  [K in Name<N>]: [Is<N[K]>] extends [never] ? never
  : N[K] extends { $many: unknown } ? never
  : K extends Named<N> ? never
  : K;
}[Name<N>];
type KeyOf<N> = N extends { $key: infer K } ? K : never;

type ObjectOf<N, T, E> = Flat<
  {
    [H in Exclude<Head<T>, "*"> & Name<N>]: ValueOf<
      N[H],
      Rest<T, H>,
      H extends T ? true
      : "*" extends T ?
        H extends E ? false
        : H extends Covered<N> ? true
        : false
      : false,
      Rest<E, H>
    >;
  } & StarOf<N, T, E>
>;
type StarOf<N, T, E> =
  "*" extends T ? { [K in Exclude<Covered<N>, E | Head<Exclude<T, "*">>> & keyof N]: Is<N[K]> } : unknown;
type ValueOf<C, R, Bare, E> =
  [R] extends [never] ?
    C extends { $many: unknown; $is: infer K } ?
      K[]
    : Is<C>
  : C extends { $one: infer N; $missing: infer M } ? ObjectOf<N, R | (Bare extends true ? KeyOf<N> : never), E> | M
  : C extends { $many: infer I extends Reach; $totals: infer A } ?
    [NoTotal<A, R>] extends [never] ?
      TotalsOf<A, R>
    : ObjectOf<I["reads"], R | (Bare extends true ? KeyOf<I["reads"]> : never), E>[]
  : C extends { $parts: infer P; $is: infer V; $missing: infer M } ?
    "*" extends R ?
      V
    : { [K in R & keyof P & string]: P[K] } | M
  : C extends { $open: true; $is: infer V } ?
    "*" extends R ?
      V
    : { [K in Head<R> & string]?: Json }
  : never;
type At<N, P> =
  P extends Name<N> ? ValueOf<N[P], never, false, never>
  : P extends `${infer H}.${infer R}` ?
    H extends Name<N> ?
      AtRest<N[H], R>
    : never
  : never;
type AtRest<C, R> =
  C extends { $one: infer N; $missing: infer M } ? At<N, R> | M
  : C extends { $many: unknown; $totals: infer A } ? TotalAt<A, R>
  : C extends { $parts: infer P; $missing: infer M } ?
    R extends keyof P ?
      P[R] | M
    : never
  : C extends { $open: true } ? Json
  : never;
/** Terms of one alias: a value, or the object that their paths have in common. */
type Renamed<N, P, E> =
  IsUnion<P> extends false ?
    P extends "*" | `${string}.*` ?
      Common<N, P, E>
    : At<N, P>
  : Common<N, P, E>;
type Common<N, P, E> =
  IsUnion<Head<P>> extends true ? never
  : Head<P> extends infer H extends Name<N> ?
    N[H] extends { $one: infer M; $missing: infer Z } ?
      (
        H extends P ? true
        : "*" extends Rest<P, H> ? true
        : IsUnion<Head<Rest<P, H>>> extends true ? true
        : Head<Rest<P, H>> extends infer J extends Name<M> ?
          M[J] extends { $one: unknown } ?
            false
          : true
        : true
      ) extends true ?
        ObjectOf<M, Rest<P, H> | (H extends P ? KeyOf<M> : never), Rest<E, H>> | Z
      : Common<M, Rest<P, H>, Rest<E, H>> | Z
    : never
  : never;
type Alias<T> =
  T extends `-${string}` ? never
  : T extends `${infer A}:${string}` ? Trim<A>
  : never;
type Aliased<T, A extends string> =
  T extends `${infer B}:${infer P}` ?
    Trim<B> extends A ?
      Trim<P>
    : never
  : never;
type AliasesOf<N, T> =
  [Alias<T>] extends [never] ? unknown : { [A in Alias<T>]: Renamed<N, Aliased<T, A>, Excluded<T>> };

// --- totals ---------------------------------------------------------------------------------------

type TotalTerm<T> = T extends `${infer A}:${infer P}` ? `${Trim<A>}:${Around<Trim<P>>}` : Around<T>;
type Around<T> =
  T extends `${infer F}(${infer P})` ?
    Trim<P> extends "" ?
      F
    : `${Trim<P>}.${F}`
  : T;
type TotalAt<A, P> =
  P extends Name<A> ?
    A[P] extends { $tree: true } ?
      A[P] extends { $is: infer V } ?
        V
      : never
    : A[P]
  : P extends `${infer H}.${infer R}` ?
    H extends keyof A ?
      TotalAt<A[H], R>
    : never
  : never;
type NoTotal<A, T> =
  T extends unknown ?
    [TotalAt<A, T>] extends [never] ?
      T
    : never
  : never;
type TotalsOf<A, T> = Flat<{
  [H in Head<T> & Name<A>]: A[H] extends { $tree: true } ?
    [Rest<T, H>] extends [never] ?
      TotalAt<A, H>
    : TotalsOf<A[H], Rest<T, H>>
  : A[H];
}>;
type NamedTotals<A, T> = [Alias<T>] extends [never] ? unknown : { [K in Alias<T>]: TotalAt<A, Aliased<T, K>> };
/** Values at paths in a tree, nested like the paths; those with an alias are not. */
type Values<A, T> = Flat<TotalsOf<A, Plain<T>> & NamedTotals<A, T>>;

// --- queries --------------------------------------------------------------------------------------

type Suggested<T extends string> = T | (string & {});
/** The conditions on the row's own columns, and one step further; others are checked as they are written. */
type FilterKeys<F> = { [K in Name<F> as K | `${K}.${Name<F[K]>}`]?: unknown } & {
  and?: unknown;
  or?: unknown;
  not?: unknown;
} & { [path: string]: unknown };

/** One nested list, or aggregates of related rows. */
export interface RelatedQuery {
  readonly from?: string;
  readonly fields?: Text;
  readonly filters?: { readonly [path: string]: unknown };
  readonly order_by?: Text;
  readonly limit?: number;
  readonly offset?: number;
  readonly search?: string;
  readonly distinct?: boolean | Text;
  readonly cursor?: boolean | string;
  readonly count?: boolean | "exact";
  readonly shape?: "list";
  readonly aggregate?: Text;
  readonly related?: { readonly [name: string]: RelatedQuery };
}
/** What may be asked of one row. */
export interface GetQuery<R extends Reach> {
  readonly fields?: Suggested<Name<R["reads"]> | "*"> | readonly Suggested<Name<R["reads"]> | "*">[];
  readonly related?: { readonly [name: string]: RelatedQuery };
}
/** What may be asked of a list. */
export interface ListQuery<R extends Reach> extends GetQuery<R> {
  readonly filters?: FilterKeys<R["filters"]>;
  readonly order_by?: Suggested<Name<R["orders"]> | `-${Name<R["orders"]>}`> | readonly Suggested<Name<R["orders"]>>[];
  readonly search?: R["search"] extends true ? string : never;
  readonly limit?: number;
  readonly offset?: number;
  readonly cursor?: boolean | string;
  readonly count?: boolean | "exact" | "estimated" | `capped:${number}`;
  readonly distinct?: boolean | Text;
  readonly aggregate?: Text;
}
/** What may be asked of totals and groups. */
export interface AggregateQuery<R extends Reach> {
  readonly aggregate?: Text;
  readonly group_by?: Text;
  readonly filters?: FilterKeys<R["filters"]>;
  /** Conditions on the groups that are asked for, and on aggregates. */
  readonly having?: { readonly [path: string]: unknown };
  readonly search?: R["search"] extends true ? string : never;
  readonly order_by?: Text;
  readonly limit?: number;
  readonly offset?: number;
}

type Asked<Q, K extends string> = Q extends { readonly [P in K]: infer V } ? V : undefined;
type FieldsOf<Q> =
  Asked<Q, "fields"> extends infer F ?
    F extends Text ?
      Terms<F>
    : "*"
  : never;
type IsDynamic<T> = string extends T ? true : false;
type RelatedOf<Q> =
  Asked<Q, "related"> extends infer E ?
    E extends object ?
      E
    : {}
  : never;

/** The object that a query returns for a row. */
export type Row<R extends Reach, Q> =
  FieldsOf<Q> extends infer T ?
    IsDynamic<T> extends true ?
      { [name: string]: Json }
    : Flat<
        ObjectOf<R["reads"], Without<Plain<T>, keyof RelatedOf<Q> & string>, Excluded<T>> &
          AliasesOf<R["reads"], T> &
          ListsOf<R["reads"], T, RelatedOf<Q>>
      >
  : never;
type Without<T, K extends string> = T extends K | `${K}.${string}` ? never : T;
type ListsOf<N, T, E> = [keyof E] extends [never] ? unknown : Nest<{ [K in keyof E & string]: ListOf<N, T, K, E[K]> }>;
type Nest<L> =
  [Extract<keyof L, `${string}.${string}`>] extends [never] ? L
  : { [K in keyof L as K extends `${string}.${string}` ? never : K]: L[K] } & {
      [H in Head<Extract<keyof L, `${string}.${string}`>> & string]: Nest<{
        [K in keyof L & `${H}.${string}` as Rest<K, H> & string]: L[K];
      }>;
    };
type Source<N, P> =
  P extends Name<N> ? N[P]
  : P extends `${infer H}.${infer R}` ?
    H extends Name<N> ?
      N[H] extends { $one: infer M } ?
        Source<M, R>
      : never
    : never
  : never;
type SourceOf<E, K> =
  Asked<E, "from"> extends infer S ?
    S extends string ?
      S
    : K
  : never;
type ListOf<N, T, K extends string, E> =
  Source<N, SourceOf<E, K>> extends infer C ?
    C extends { $many: infer I extends Reach; $totals: infer A } ?
      Asked<E, "aggregate"> extends infer G ?
        G extends Text ?
          Values<A, TotalTerm<Terms<G>>>
        : InPage<E, InnerRow<I, Rest<T, K> | (E extends { readonly fields: infer F } ? Terms<F> : never), E>>
      : never
    : never
  : never;
type InnerRow<I extends Reach, T, E> = Row<
  I,
  { fields: [T] extends [never] ? "*" : readonly (T & string)[]; related: RelatedOf<E> }
>;
type InPage<E, V> =
  E extends { readonly shape: "list" } | { readonly count: true | "exact" } | { readonly cursor: true | string } ?
    InnerPage<V>
  : V[];
/** A page of a nested list. */
export interface InnerPage<V> {
  pagination: {
    offset: number;
    limit: number;
    has_more: boolean;
    next?: { cursor: string };
    prev?: { cursor: string };
    count?: number;
    count_kind?: string;
  };
  results: V[];
}
type WithKey<R extends Reach, Q, V> =
  Q extends { readonly distinct: true } ? V
  : R["key"] extends keyof V ? V
  : Flat<{ [K in R["key"]]: R["keyType"] } & V>;
/** A row of a list, which always has its key. */
export type ListRow<R extends Reach, Q> = WithKey<R, Q, Row<R, Q>>;
/** A row of groups, or the totals of all rows. */
export type Group<R extends Reach, Q> = Flat<
  Values<R["totals"], TotalTerm<Terms<Asked<Q, "aggregate"> extends infer A extends Text ? A : "count">>> &
    (Asked<Q, "group_by"> extends infer G extends Text ? Values<R["groups"], Terms<G>> : unknown)
>;

// --- what is refused ------------------------------------------------------------------------------

type BadField<N, T> =
  T extends "*" ? never
  : T extends `-${infer P}` ? BadPath<N, Trim<P>, T>
  : T extends `${string}:${infer P}` ? BadPath<N, Trim<P>, T>
  : BadPath<N, T, T>;
type BadPath<N, P, T> =
  P extends "*" ? never
  : P extends Name<N> ?
    [ValueOf<N[P], never, false, never>] extends [never] ?
      T
    : never
  : P extends `${infer H}.${infer R}` ?
    H extends Name<N> ?
      BadRest<N[H], R, T>
    : T
  : T;
type BadRest<C, R, T> =
  C extends { $one: infer N } ? BadPath<N, R, T>
  : C extends { $many: infer I extends Reach; $totals: infer A } ?
    [BadPath<I["reads"], R, T>] extends [never] ? never
    : [TotalAt<A, R>] extends [never] ? T
    : never
  : C extends { $parts: infer P } ?
    R extends keyof P | "*" ?
      never
    : T
  : C extends { $open: true } ? never
  : T;
type Refuse<What extends string, Bad> = [Bad] extends [never] ? unknown : Refused<`${What}: ${Bad & string}`>;
export type CheckFields<N, F> =
  F extends Text ?
    IsDynamic<Terms<F>> extends true ?
      unknown
    : Refuse<"no such field", BadField<N, Terms<F>>>
  : unknown;

type Exact<C> =
  C extends { exact: infer V } ? V
  : C extends Conditions ? never
  : C;
/** What a condition compares with, `never` if there is none. */
type Operand<F, P> =
  P extends Name<F> ?
    F[P] extends Conditions ?
      Exact<F[P]>
    : F[P]
  : P extends `${infer H}.${infer R}` ?
    H extends Name<F> ?
      F[H] extends Conditions ?
        F[H] extends { $open: true } ?
          R extends Name<F[H]> ?
            F[H][R]
          : unknown
        : Operand<F[H], R>
      : never
    : never
  : never;
export type CheckFilters<F, Q> = {
  [K in keyof Q]: K extends "and" | "or" | "not" ? CheckEither<F, Q[K]> : CheckFilter<F, K, Q[K]>;
};
type CheckEither<F, V> = V extends readonly (infer I)[] ? readonly CheckFilters<F, I>[] : CheckFilters<F, V>;
type CheckFilter<F, K, V> =
  string extends K ? unknown
  : Operand<F, K> extends infer O ?
    [O] extends [never] ? Refused<`no such filter: ${K & string}`>
    : O extends Nested<infer C> ? CheckFilters<C, V>
    : O | (undefined extends V ? undefined : never)
  : never;

type Ordered<T> = T extends `-${infer P}` ? [P, "descending"] : [T, "ascending"];
type Bare<P> = P extends `${infer A}.${"nulls_first" | "nulls_last" | "nullsFirst" | "nullsLast"}` ? A : P;
type BadOrder<O, T> =
  T extends string ?
    Ordered<T> extends [infer P, infer D] ?
      BadSort<O, Bare<P>, D> extends true ?
        T
      : never
    : never
  : never;
type BadSort<O, P, D> =
  P extends Name<O> ?
    O[P] extends { $sorted: infer S } ?
      D extends S ?
        false
      : true
    : true
  : P extends `${infer H}.${infer R}` ?
    H extends Name<O> ?
      O[H] extends { $open: infer S } ?
        D extends S ?
          false
        : true
      : O[H] extends { $sorted: infer S; $part: infer Q } ?
        R extends Q ?
          D extends S ?
            false
          : true
        : BadSort<O[H], R, D>
      : BadSort<O[H], R, D>
    : true
  : true;
type CheckOrder<O, T> =
  T extends Text ?
    IsDynamic<Terms<T>> extends true ?
      unknown
    : Refuse<"no such order", BadOrder<O, Terms<T>>>
  : unknown;

type BadTotal<A, T> =
  T extends `${string}:${infer P}` ?
    [TotalAt<A, P>] extends [never] ?
      T
    : never
  : [TotalAt<A, T>] extends [never] ? T
  : never;
type CheckTotals<A, T> =
  T extends Text ?
    IsDynamic<Terms<T>> extends true ?
      unknown
    : Refuse<"no such aggregate", BadTotal<A, TotalTerm<Terms<T>>>>
  : unknown;
type CheckGroups<A, T> =
  T extends Text ?
    IsDynamic<Terms<T>> extends true ?
      unknown
    : Refuse<"no such group", BadTotal<A, Terms<T>>>
  : unknown;

/** A query, and what is wrong with it in place of what is. */
export type Checked<R extends Reach, Q> = {
  [K in keyof Q]: K extends "fields" ? CheckFields<R["reads"], Q[K]>
  : K extends "filters" ? CheckFilters<FiltersIn<R, Q>, Q[K]>
  : K extends "order_by" ? OrderedBy<R, Q, Q[K]>
  : K extends "related" ? CheckRelated<R, Q[K]>
  : K extends "aggregate" ? CheckTotals<R["totals"], Q[K]>
  : K extends "distinct" ?
    Q[K] extends boolean ?
      unknown
    : CheckFields<R["reads"], Q[K]>
  : K extends keyof ListQuery<R> | keyof RelatedQuery ? unknown
  : Refused<`no such key: ${K & string}`>;
};
/** Named aggregates of related rows can be filtered and sorted by. */
type NamedIn<Q> = {
  [K in keyof RelatedOf<Q> as RelatedOf<Q>[K] extends { readonly aggregate: unknown } ? K : never]: {
    $conditions: true;
    $open: true;
  };
};
type FiltersIn<R extends Reach, Q> =
  [keyof NamedIn<Q>] extends [never] ? R["filters"] : Omit<R["filters"], keyof NamedIn<Q>> & NamedIn<Q> & Conditions;
type OrderedBy<R extends Reach, Q, T> = [keyof NamedIn<Q>] extends [never] ? CheckOrder<R["orders"], T> : unknown;
type CheckRelated<R extends Reach, E> = {
  [K in keyof E]: [Source<R["reads"], SourceOf<E[K], K>>] extends [never] ?
    Refused<`no such list: ${SourceOf<E[K], K> & string}`>
  : Source<R["reads"], SourceOf<E[K], K>> extends { $many: infer I extends Reach; $totals: infer A } ?
    E[K] extends { readonly aggregate: infer G } ?
      CheckInner<I, A, E[K], G>
    : Checked<I, E[K]>
  : Refused<`no such list: ${SourceOf<E[K], K> & string}`>;
};
type CheckInner<I extends Reach, A, E, G> = {
  [K in keyof E]: K extends "aggregate" ? CheckTotals<A, G>
  : K extends "filters" ? CheckFilters<I["filters"], E[K]>
  : unknown;
};
type NamedTerms<Q, K extends string> =
  Asked<Q, K> extends infer T ?
    T extends Text ?
      Terms<T>
    : never
  : never;
/** What an operator compares a group or an aggregate with. */
type ComparedBy<V, P> =
  [V] extends [never] ? never
  : Comparison<
      NonNullable<V> extends number ? number
      : NonNullable<V> extends boolean ? boolean
      : number | string,
      P
    >;
type Comparison<W, P> =
  P extends "" | "exact" | "ne" ? W | Dynamic | null
  : P extends "lt" | "lte" | "gt" | "gte" ? W | Dynamic
  : P extends "in" | "nin" ? readonly (W | Dynamic)[]
  : P extends "range" ? readonly [W | Dynamic, W | Dynamic]
  : P extends "isnull" ? boolean
  : P extends TextOperator ?
    string extends W ?
      string
    : never
  : P extends Part ? Comparison<number | string, "">
  : P extends `${Part}.${infer R}` ? Comparison<number | string, R>
  : never;
type TextOperator =
  "contains" | "icontains" | "startswith" | "istartswith" | "endswith" | "iendswith" | "iexact" | "regex" | "iregex";
type Part =
  | "date"
  | "time"
  | "year"
  | "iso_year"
  | "isoYear"
  | "quarter"
  | "month"
  | "week"
  | "day"
  | "week_day"
  | "weekDay"
  | "iso_week_day"
  | "isoWeekDay"
  | "hour"
  | "minute"
  | "second"
  | "len";
/** The value at one of some paths in front of an operator, `never` if there is none. */
type ComparedAt<A, T, P> =
  T extends string ?
    P extends T ? ComparedBy<TotalAt<A, T>, "">
    : P extends `${T}.${infer O}` ? ComparedBy<TotalAt<A, T>, O>
    : never
  : never;
type ComparedTotal<A, P> =
  P extends Name<A> ? ComparedBy<TotalAt<A, P>, "">
  : P extends `${infer H}.${infer R}` ?
    H extends Name<A> ?
      A[H] extends { $tree: true } ?
        ComparedTotal<A[H], R> | ComparedBy<TotalAt<A, H>, R>
      : ComparedBy<A[H], R>
    : never
  : never;
type ComparedName<A, T, P> =
  Alias<T> extends infer N ?
    N extends string ?
      P extends N ? ComparedBy<TotalAt<A, Aliased<T, N>>, "">
      : P extends `${N}.${infer O}` ? ComparedBy<TotalAt<A, Aliased<T, N>>, O>
      : never
    : never
  : never;
type HavingOperand<R extends Reach, Q, P> =
  | ComparedTotal<R["totals"], P>
  | ComparedName<R["totals"], TotalTerm<NamedTerms<Q, "aggregate">>, P>
  | ComparedAt<R["groups"], Plain<NamedTerms<Q, "group_by">>, P>
  | ComparedName<R["groups"], NamedTerms<Q, "group_by">, P>;
type CheckHaving<R extends Reach, Q, V> =
  IsDynamic<NamedTerms<Q, "aggregate"> | NamedTerms<Q, "group_by">> extends true ? unknown
  : {
      [K in keyof V]: K extends "and" | "or" | "not" ?
        V[K] extends readonly (infer I)[] ?
          readonly CheckHaving<R, Q, I>[]
        : CheckHaving<R, Q, V[K]>
      : string extends K ? unknown
      : [HavingOperand<R, Q, K>] extends [never] ? Refused<`no such group or aggregate: ${K & string}`>
      : HavingOperand<R, Q, K>;
    };
/** The same for aggregates. */
export type CheckedAggregate<R extends Reach, Q> = {
  [K in keyof Q]: K extends "filters" ? CheckFilters<R["filters"], Q[K]>
  : K extends "aggregate" ? CheckTotals<R["totals"], Q[K]>
  : K extends "group_by" ? CheckGroups<R["groups"], Q[K]>
  : K extends "having" ? CheckHaving<R, Q, Q[K]>
  : K extends keyof AggregateQuery<R> ? unknown
  : Refused<`no such key: ${K & string}`>;
};

// --- calls ---------------------------------------------------------------------------------------

/** Of one request. */
export interface Call {
  signal?: AbortSignal;
  headers?: HeadersInit;
}
export interface Write<F = undefined> extends Call {
  /** The fields of the written row in the reply. */
  fields?: F;
  idempotencyKey?: string;
  /** The `ETag` of the row as you know it. */
  ifMatch?: string;
  /** Do everything, reply, and undo it. */
  dryRun?: boolean;
}
export interface Page<V> {
  rows: V[];
  offset: number;
  limit: number;
  hasMore: boolean;
  /** The queries for the pages beside this one, which `page` takes as they are. */
  next: NextQuery<V> | undefined;
  prev: NextQuery<V> | undefined;
  count: number | undefined;
  countKind: string | undefined;
  /** What `aggregate` asked for. */
  aggregates: Json | undefined;
}
/** A query for the page beside another one. */
export interface NextQuery<V> {
  readonly $row?: V;
}

export type Names<S> = keyof S & string;
/** The models on which a role may do something. */
export type With<S, Operation extends string> = {
  [M in Names<S>]: S[M] extends { operations: infer O } ?
    Operation extends O ?
      M
    : never
  : never;
}[Names<S>];
/** One of the models of a role. */
export type Of<S, M extends keyof S> = S[M] extends Model ? S[M] : never;
export type Written<S, M extends keyof S, F> = Row<Of<S, M>["reach"], F extends undefined ? {} : { fields: F }>;
export type ActionOf<S, M extends keyof S, A> = A extends keyof Of<S, M>["actions"] ? Of<S, M>["actions"][A] : never;
type Input<A> =
  A extends Action<infer _, infer I> ?
    {} extends I ?
      { input?: I }
    : { input: I }
  : never;
type On<A, R extends Reach, K, F> =
  A extends Action<"instance", unknown> ? { key: K }
  : A extends Action<"bulk", unknown> ?
    { keys: readonly K[]; expect?: number } | { filters: F & CheckFilters<R["filters"], F>; expect?: number }
  : {};
export type ActionCall<A, R extends Reach, K, F> = Input<A> & On<A, R, K, F> & Write<Text> & { background?: boolean };
