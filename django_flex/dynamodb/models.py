"""Models of tables: PynamoDB's, with Django's managers and exceptions."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from pynamodb.connection.base import MetaTable
from pynamodb.exceptions import DoesNotExist as PynamoDoesNotExist
from pynamodb.models import MetaModel, Model

from django_flex.dynamodb.configuration import (
    META_OPTIONS,
    configuration,
    real_table_name,
)
from django_flex.dynamodb.connection import TableConnection
from django_flex.dynamodb.exceptions import (
    DynamoDBQuerySetError,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
)
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.queryset import DynamoDBManager

#: Every model that has a table of its own.
dynamodb_model_classes: list[type[DynamoModel]] = []

#: Options that hold for one class, not for its subclasses.
_OWN = frozenset({"abstract", "proxy"})
#: Options of a model and the attributes of the configuration that are their defaults.
_DEFAULTS = META_OPTIONS | {"billing_mode": "billing_mode"}
_DEFAULTS.pop("max_retry_attempts")


class _LazyOptions(type):
    """The class of ``Meta``: what a model leaves open is read from the settings when it is used."""

    @property
    def table_name(cls) -> str | None:
        """Return the name of the table in the database, with all prefixes."""
        name = cls.__dict__.get("base_table_name")
        return None if name is None else real_table_name(name)

    def __getattr__(cls, name: str) -> Any:
        if name in _DEFAULTS:
            return getattr(configuration(), _DEFAULTS[name])
        if name == "max_retry_attempts":
            return configuration().max_attempts - 1
        if name == "extra_headers":
            return None
        raise AttributeError(name)


def _options(meta: type | None, inherited: type | None) -> _LazyOptions:
    """Return ``Meta`` of a model: what it declares, and else what its base has."""
    found: dict[str, Any] = {}
    for one in (inherited, *(reversed(meta.__mro__[:-1]) if meta is not None else ())):
        declared = {} if one is None else dict(vars(one))
        if "table_name" in declared:
            declared["base_table_name"] = declared.pop("table_name")
        if one is inherited:
            declared = {name: value for name, value in declared.items() if name not in _OWN}
        found |= {name: value for name, value in declared.items() if not name.startswith("__")}
    return _LazyOptions("Meta", (), found)


class DynamoMetaModel(MetaModel):
    """Gives each model its options, its exceptions and a manager."""

    def __init__(
        cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any], discriminator: Any = None
    ) -> None:
        meta = _options(attrs.get("Meta"), getattr(cls, "_meta", None))
        cls.Meta = cls._meta = meta
        for exception, base in (
            ("DoesNotExist", (ObjectDoesNotExist, PynamoDoesNotExist)),
            ("MultipleObjectsReturned", (MultipleObjectsReturned,)),
        ):
            if exception not in attrs:
                own = [vars(one) for one in bases if isinstance(one, DynamoMetaModel)]
                parents = tuple(one[exception] for one in own if exception in one) or base
                names = {"__module__": cls.__module__, "__qualname__": f"{name}.{exception}"}
                setattr(cls, exception, type(exception, parents, names))
        if not any("objects" in vars(one) for one in cls.__mro__):
            cls.objects = DynamoDBManager()
        # Without Meta, for which PynamoDB would look up defaults now, before there are settings.
        rest = {key: value for key, value in attrs.items() if key != "Meta"}
        rest.setdefault("DoesNotExist", cls.__dict__["DoesNotExist"])
        super().__init__(name, bases, rest, discriminator)
        if not getattr(meta, "abstract", False) and not getattr(meta, "proxy", False):
            dynamodb_model_classes.append(cast("type[DynamoModel]", cls))


class DynamoModel(Model, metaclass=DynamoMetaModel):
    """The base of all models."""

    objects: ClassVar[DynamoDBManager]
    _meta: ClassVar[Any]
    MultipleObjectsReturned: ClassVar[type[MultipleObjectsReturned]]
    #: Connections to the table, by its name and the configuration.
    _connections: ClassVar[dict[Any, TableConnection]]
    #: The attributes of an instance that was read with ``only()``.
    _read_only_attributes: frozenset[str] | None = None

    class Meta:
        """No table of its own."""

        abstract = True

    @classmethod
    def _get_connection(cls) -> TableConnection:
        found = cls.__dict__.get("_connections")
        if found is None:
            found = {}
            cls._connections = found
        key = (cls._meta.table_name, configuration())
        if key not in found:
            found[key] = cls._connect()
        connection: TableConnection = found[key]
        return connection

    @classmethod
    def _connect(cls) -> TableConnection:
        name = getattr(cls.Meta, "base_table_name", None)
        if name is None:
            raise DynamoDBQuerySetError(f"{cls.__name__} has no table: its Meta needs table_name")
        own = {name: vars(cls.Meta)[name] for name in META_OPTIONS if name in vars(cls.Meta)}
        schema: Any = cls._get_schema()
        indexes = {
            "GlobalSecondaryIndexes": schema["global_secondary_indexes"],
            "LocalSecondaryIndexes": schema["local_secondary_indexes"],
        }
        data: dict[str, Any] = {
            "TableName": cls._meta.table_name,
            "KeySchema": schema["key_schema"],
            "AttributeDefinitions": schema["attribute_definitions"],
        }
        for kind, found in indexes.items():
            data[kind] = [
                {"IndexName": one["index_name"], "KeySchema": one["key_schema"]} for one in found
            ]
        return TableConnection(name, meta_table=MetaTable(data), **own)

    @classmethod
    def delete_table(cls, wait: bool = False) -> Any:  # noqa: FBT001, FBT002 - as in pydjamodb
        """Delete the table, and wait until it is gone if that is wanted."""
        return cls._get_connection().delete_table(wait)

    @classmethod
    def create_table(cls, wait: bool = False, **options: Any) -> Any:  # type: ignore[override]  # noqa: FBT001, FBT002 - as in PynamoDB
        """Create the table, if there is none, and wait until it is ready if that is wanted."""
        result = super().create_table(wait=False, **options)
        if wait:
            cls._get_connection().wait_until(exists=True)
        return result

    def save(self, condition: Any = None, *, add_version_condition: bool = True) -> dict[str, Any]:
        """Write the whole item.

        Raises:
            DynamoDBQuerySetError: the instance was read with ``only()``, so that the rest of the
                item would be lost.
        """
        if self._read_only_attributes is not None:
            raise DynamoDBQuerySetError(
                "an instance that was read with only() is not saved: its other attributes would "
                "be lost; use update()"
            )
        return super().save(condition, add_version_condition=add_version_condition)

    def _key(self) -> tuple[Any, ...]:
        names = [self._hash_keyname, self._range_keyname]
        return tuple(getattr(self, name) for name in names if name is not None)

    @property
    def pk(self) -> Any:
        """Return the hash key, or the hash key and the range key as a tuple."""
        key = self._key()
        return key[0] if len(key) == 1 else key

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DynamoModel):
            return NotImplemented
        if type(self)._meta.table_name != type(other)._meta.table_name:
            return False
        key = self._key()
        return self is other if None in key else key == other._key()

    def __hash__(self) -> int:
        key = self._key()
        if None in key:
            raise TypeError("an instance without its whole key has no hash")
        return hash((describe(type(self)).table.name, key))
