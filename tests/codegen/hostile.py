"""A description all texts of which try to become code; ``evil`` is only there in strings and comments."""

from __future__ import annotations

from django_flex.codegen import Target
from django_flex.describe import (
    ActionDescription,
    ColumnDescription,
    FieldDescription,
    InputDescription,
    ModelDescription,
    ModelSummary,
    ReachDescription,
    RelationDescription,
    ServedModel,
    WriteDescription,
)
from django_flex.describe.values import AggregateDescription, KeysDescription
from django_flex.query.limits import Limits
from django_flex.schema.declarations import Choice, Declaration
from django_flex.schema.resources import Cardinality

TEXTS = (
    '"; evil(); "',
    "'; evil(); '",
    "`${evil()}`",
    "${evil()}",
    "*/ evil(); /*",
    "*\N{FULLWIDTH SOLIDUS}/ evil()",
    "// evil()\nevil();",
    "evil()\r\nevil();",
    "\\",
    '\\"; evil(); //',
    "\N{LINE SEPARATOR}evil()\N{PARAGRAPH SEPARATOR}",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil()",
    "\N{ZERO WIDTH SPACE}",
    "\x00\x1b[31mevil",
    "\ud800",
    "\U000e0041\N{GRINNING FACE}",
    '"""\nevil()\n"""',
    "{evil}",
    "{0.evil!r}",
    "@ts-expect-error",
    "@ts-ignore evil",
    "</script><script>evil()</script>",
    "__proto__",
    "constructor",
    "prototype",
    "class",
    "default",
    "import",
    "None",
    "self",
    "2fa",
    "größe",
    "e\N{COMBINING ACUTE ACCENT}vil",
    "two words",
    "$key",
    "-evil",
    "evil:evil",
    "evil,evil",
    "",
    "models",
    "flex",
    "string",
    "any",
    "int",
    "datetime",
    "BaseModel",
    "model_dump",
    "x" * 5_000,
)
TARGET = Target(role='x */ evil(); "', prefix='/"; evil(); "/', version="`${evil()}`\nevil()")


def _column(text: str, kind: str) -> ColumnDescription:
    choices = (Choice(text, text), Choice("plain", text)) if kind == "text" else ()
    declared = Declaration(label=text, help=text, choices=choices, default=text)
    return ColumnDescription(kind=kind, null=True, declaration=declared)


def _fields(prefix: str = "") -> tuple[FieldDescription, ...]:
    return tuple(
        FieldDescription(
            path=f"{prefix}{text}",
            column=_column(text, kind),
            readable=True,
            covered=not prefix,
            operators=("exact", "in"),
            directions=("ascending",),
            parts=("",),
            transforms=("len",) if kind == "text" else (),
            aggregates=(
                AggregateDescription(
                    path=f"{prefix}{text}.count",
                    function="count",
                    kind="integer",
                    total=True,
                    of_row=bool(prefix),
                ),
            ),
            keys=KeysDescription(readable=True, operators=("exact",)) if kind == "json" else None,
        )
        for text, kind in zip(TEXTS, ("text", "integer", "json") * len(TEXTS), strict=False)
        if "." not in text
    )


def _relations() -> tuple[RelationDescription, ...]:
    inside = ReachDescription(fields=_fields())
    ways: tuple[tuple[str, Cardinality, ReachDescription | None], ...] = (
        ("one", "one", None),
        ("many", "many", inside),
    )
    return tuple(
        RelationDescription(
            path=f"{name}{text}",
            cardinality=cardinality,
            null=True,
            model=text,
            label=text,
            inside=there,
        )
        for name, cardinality, there in ways
        for text in TEXTS
        if "." not in text
    )


def _model(text: str) -> ModelDescription:
    schema = {
        "properties": {one: {"type": "string", "description": one, "enum": [one]} for one in TEXTS},
        "required": list(TEXTS[:3]),
        "$defs": {one: {"const": one} for one in TEXTS},
    }
    actions = tuple(
        ActionDescription(id=one, scope="instance", title=one, description=one, input=taken)
        for one, taken in zip(TEXTS, (schema, *({},) * len(TEXTS)), strict=False)
    )
    fields = (*_fields(), *_fields(f"one{TEXTS[0]}."), *_fields(f"many{TEXTS[0]}."))
    inputs = tuple(
        InputDescription(name=one, column=_column(one, "text"), required=True, updates=("$inc",))
        for one in TEXTS
    )
    keyed = tuple(InputDescription(name=one, column=_column(one, "json")) for one in TEXTS)
    return ModelDescription(
        summary=ModelSummary(
            name=text,
            label=text,
            plural=text,
            role=text,
            operations=("get", "list", "add", "edit", "aggregate"),
            actions=actions,
        ),
        key=text,
        reach=ReachDescription(fields=fields, relations=_relations()),
        filters=("*",),
        order_by=("*",),
        count=None,
        smallest_group=1,
        writes={
            "add": WriteDescription(inputs=inputs),
            "edit": WriteDescription(inputs=keyed),
        },
        limits=Limits(),
        rates={},
    )


def models() -> list[ServedModel]:
    """Return a few models, with all texts in every place that a text can be in."""
    names = ('"; evil(); "', "*/ evil(); /*", "__proto__", "models", "2fa", "")
    return [ServedModel(description=_model(text), url_name=text) for text in names]
