"""What other APIs call the keys, the connectors and the operators of a query, for hints."""

from __future__ import annotations

import re

from django_flex.exceptions.places import worded

#: Names of keys elsewhere, without punctuation and in lower case, by the key that is meant.
_KEYS = {
    "fields": ("only", "select", "columns", "attributes", "props", "returning", "pick"),
    "filters": ("where", "filterby", "conditions", "criteria", "condition"),
    "order_by": ("sort", "sortby", "sorting", "order", "ordering", "orderby", "sortorder"),
    "limit": (
        *("pagesize", "perpage", "size", "top", "take", "first", "maxresults", "pagelimit"),
        *("resultsperpage", "itemsperpage"),
    ),
    "offset": ("skip", "start", "from", "pageoffset"),
    "cursor": (
        *("after", "before", "startingafter", "endingbefore", "pagetoken", "nextpagetoken"),
        *("pageafter", "pagebefore", "continuation", "pagecursor"),
    ),
    "search": ("query", "term", "keyword", "keywords", "text", "find", "searchterm"),
    "count": ("total", "totalcount", "includetotal", "withcount", "includecount"),
    "group_by": ("group", "groupby"),
    "format": ("output", "contenttype"),
}
#: Names of keys elsewhere that have no counterpart of one word, with the key and what to write.
_ADVICE = {
    "page": (
        "offset",
        worded("a page is 'limit' and 'offset': the second one of 20 rows is limit=20&offset=20"),
        ("page", "pagenumber", "pageno", "pageindex"),
    ),
    "nesting": (
        "fields",
        worded("name the fields of related rows in 'fields', as in 'id, customer.name'"),
        ("expand", "include", "embed", "populate", "with", "prefetch", "depth", "joins", "join"),
    ),
    "exclusion": (
        "fields",
        worded("leave a field out with '-' in 'fields', as in '*, -notes'"),
        ("exclude", "omit", "defer", "except", "excludefields"),
    ),
    "credentials": (
        "",
        worded("credentials are sent in headers, such as Authorization"),
        ("accesstoken", "apikey", "token", "authtoken", "bearer", "auth"),
    ),
}
#: Names among these that a column may have as well.
COLUMNS_TOO = frozenset(
    {
        *("after", "attributes", "auth", "before", "depth", "find", "first", "from", "group"),
        *("keyword", "keywords", "order", "output", "query", "size", "start", "take", "term"),
        *("text", "token", "top", "total"),
    }
)
_MEANT = {name: key for key, names in _KEYS.items() for name in names}
_ADVISED = {name: (key, advice) for key, advice, names in _ADVICE.values() for name in names}

#: Names of operators elsewhere, in lower case, by the operators that may be meant, best first.
_OPERATORS = {
    "exact": ("eq", "equals", "equal", "is", "==", "="),
    "ne": ("neq", "not", "noteq", "not_eq", "isnot", "is_not", "exclude", "not_equal", "!="),
    "gte": ("ge", "min", "from", "since", "after", "gteq", "at_least"),
    "lte": ("le", "max", "to", "until", "before", "lteq", "at_most"),
    "gt": ("greater", "greater_than", "more", "above"),
    "lt": ("less", "less_than", "below"),
    "in": ("any", "one_of", "oneof", "anyof", "isin", "is_in"),
    "nin": ("not_in", "notin", "none_of", "noneof"),
    "range": ("between",),
    "bbox": ("in_bbox", "box"),
    "distance_lte": ("near", "dwithin", "distance"),
    "isnull": ("null", "is_null", "exists", "empty", "isempty", "is_empty", "none", "nil"),
    "icontains": ("like", "ilike", "match", "matches", "search", "includes", "has", "substring"),
    "startswith": ("starts_with", "starts", "prefix", "begins_with"),
    "endswith": ("ends_with", "ends", "suffix"),
    "regex": ("regexp", "rlike", "pattern"),
}
#: Names of operations elsewhere, in lower case, by the operation that is meant.
_OPERATIONS = {
    "get": ("retrieve", "read", "fetch", "show", "detail", "find_one", "findone", "one"),
    "list": ("index", "search", "find", "all", "find_many", "findmany", "filter", "select"),
    "add": ("insert", "new", "post", "save", "store", "create_many", "bulk_create"),
    "edit": ("patch", "put", "partial_update", "modify", "change", "set"),
    "delete": ("destroy", "remove", "del", "drop"),
    "upsert": ("merge", "update_or_create", "add_or_edit"),
    "aggregate": ("count", "sum", "group", "group_by", "stats", "summarize"),
    "bulk_edit": ("bulk_update", "update_many", "updatemany", "update_all", "edit_many"),
    "bulk_delete": ("bulk_destroy", "delete_many", "deletemany", "delete_all"),
}
_OPERATION_MEANT = {name: op for op, names in _OPERATIONS.items() for name in names}
#: What remains in a name of `name!=x`, `name>=x` and `name<=x` in a URL, by the operator.
_COMPARISONS = {"!": "ne", ">": "gte", "<": "lte"}
_NEXT_BEST = {"gte": "gt", "lte": "lt", "icontains": "contains", "regex": "iregex"}
_OPERATOR_MEANT = {name: op for op, names in _OPERATORS.items() for name in names}
_PUNCTUATION = re.compile(r"[^a-z0-9]")
_DIRECTION = re.compile(r"(.+?)(?:__|[ .:+_/-])(asc|desc|ascending|descending)", re.IGNORECASE)


def meant_key(name: str) -> tuple[str, str] | None:
    """Return the key that a key of another API stands for, with the hint; ``None`` if none does.

    The key is empty if the hint needs none.
    """
    plain = _PUNCTUATION.sub("", name.lower())
    if plain in _ADVISED:
        return _ADVISED[plain]
    key = _MEANT.get(plain)
    if key is None:
        return None
    if key == "order_by":
        return key, worded("did you mean '{}'? '-name' sorts in descending order", key)
    return key, worded("did you mean '{}'?", key)


def meant_operators(name: str) -> tuple[str, ...]:
    """Return the operators that an operator of another API stands for, the most likely first."""
    found = _OPERATOR_MEANT.get(name.lower().lstrip("$"))
    if found is None:
        return ()
    return (found, _NEXT_BEST[found]) if found in _NEXT_BEST else (found,)


def meant_operation(name: str) -> str | None:
    """Return the operation that an operation of another API stands for, ``None`` for others."""
    return _OPERATION_MEANT.get(name.lower())


def meant_order(text: str) -> str | None:
    """Return the order term for ``name desc``, ``name:asc`` and the like; ``None`` for others."""
    found = _DIRECTION.fullmatch(text)
    if found is None:
        return None
    sign = "-" if found[2].lower().startswith("desc") else ""
    return sign + found[1].strip().removeprefix("-").replace("__", ".")


def dotted(name: str) -> str:
    """Return the path that a name with brackets, ``__`` or a comparison stands for."""
    if name[-1:] in _COMPARISONS:
        name = f"{name[:-1]}.{_COMPARISONS[name[-1]]}"
    return re.sub(r"\.{2,}", ".", re.sub(r"__|\[|\]", ".", name)).strip(".")
