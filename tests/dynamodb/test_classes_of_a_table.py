"""Several classes in one table, and attributes whose own code takes no value but some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute

from django_flex.dynamodb import models
from django_flex.dynamodb.exceptions import InvalidValueError
from django_flex.dynamodb.models import DynamoModel
from django_flex.dynamodb.transport import override_transport
from tests.dynamodb.faults import FaultTransport


class TouchyAttribute(Attribute[Any]):
    """Raises what it is given, unless that is a text."""

    attr_type = "S"

    def serialize(self, value: Any) -> str:
        if isinstance(value, type):
            raise value("no")
        return str(value)


class Pet(DynamoModel):
    owner = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute(range_key=True)
    cls = DiscriminatorAttribute()
    mood = TouchyAttribute(null=True)

    class Meta:
        table_name = "pet"


class Cat(Pet, discriminator="cat"):
    pass


class Kitten(Cat, discriminator="kitten"):
    pass


class Dog(Pet, discriminator="dog"):
    pass


for one in (Pet, Cat, Kitten, Dog):
    models.dynamodb_model_classes.remove(one)


@pytest.fixture
def pets(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Pet.create_table(wait=True)
    for kind, name in ((Cat, "tom"), (Kitten, "tim"), (Dog, "rex")):
        kind(owner="ada", name=name).save()
    yield
    Pet.delete_table(wait=True)


def names(items: Any) -> set[str]:
    return {one.name for one in items}


def test_a_class_finds_and_changes_items_of_itself_and_its_children_only(pets: None) -> None:
    of_ada: dict[str, Any] = {"owner": "ada"}

    assert {"tom", "tim"} == names(Cat.objects.filter(**of_ada))
    assert {"tim"} == names(Kitten.objects.filter(**of_ada))
    assert {"tom", "tim"} == names(Pet.objects.filter(**of_ada, cls__in=[Cat, Kitten]))
    assert {"tom"} == names(Pet.objects.filter(**of_ada, cls=Cat))
    assert 2 == Cat.objects.filter(**of_ada).count()
    assert {("ada", "tom")} == Cat.objects.in_bulk([("ada", "tom"), ("ada", "rex")]).keys()
    assert 0 == Cat.objects.filter(**of_ada, name="rex").update(mood="sad")
    assert 1 == Dog.objects.filter(**of_ada).update(mood="glad")
    assert (0, {}) == Cat.objects.filter(**of_ada, name="rex").delete()
    assert (2, {"Cat": 2}) == Cat.objects.filter(**of_ada).delete()
    assert {"rex"} == names(Dog.objects.filter(**of_ada))
    with pytest.raises(Cat.DoesNotExist):
        Cat.objects.get(**of_ada, name="rex")


@pytest.mark.parametrize("lookup", ["cls", "cls__exact", "cls__ne", "cls__in", "cls__gt"])
def test_a_text_is_no_class(lookup: str) -> None:
    value = ["cat"] if lookup == "cls__in" else "cat"
    with (
        override_transport(FaultTransport()),
        pytest.raises(InvalidValueError, match=r"cls.*one of Cat, Dog, Kitten, not 'cat'"),
    ):
        Pet.objects.filter(owner="ada", **{lookup: value})


@pytest.mark.parametrize("error", [KeyError, IndexError, LookupError, ArithmeticError, OSError])
def test_whatever_the_code_of_an_attribute_raises_is_named(error: type[Exception]) -> None:
    of_ada = Pet.objects.filter(owner="ada")
    with override_transport(FaultTransport()):
        for refused in (
            lambda: of_ada.filter(mood=error),
            lambda: of_ada.exclude(mood__in=["a", error]),
            lambda: of_ada.filter(mood__range=("a", error)),
            lambda: of_ada.update(mood=error),
            lambda: Cat.objects.create(owner="ada", name="x", mood=error),
            lambda: Cat.objects.bulk_create([Cat(owner="ada", name="x", mood=error)]),
        ):
            with pytest.raises(InvalidValueError, match=error.__name__) as caught:
                refused()
            assert "mood" in str(caught.value) or "Cat" in str(caught.value)
