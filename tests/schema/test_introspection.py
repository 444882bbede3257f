"""What is said of each shape of model, and where dotted paths lead."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test.utils import isolate_apps

from django_flex.exceptions import QueryError
from django_flex.policy.compile.mistakes import report_path, report_rule
from django_flex.policy.compile.reporting import ProblemReporter
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.schema.introspection import UnsupportedModelError, describe
from django_flex.schema.paths import UnknownPathError, resolve, resolve_hops
from tests.testapp.models import (
    Booking,
    Comment,
    Customer,
    Invoice,
    Line,
    Node,
    Offer,
    Page,
    Place,
    Restaurant,
    Service,
    Tag,
    Team,
    VipCustomer,
)

TAIL = frozenset({*OPERATORS, *TRANSFORMS})


def test_columns_have_the_kind_of_their_values() -> None:
    kinds = {name: one.kind for name, one in describe(Booking).attributes.items()}
    assert kinds == {
        "id": "integer",
        "customer": "integer",
        "address": "integer",
        "team": "integer",
        "created_by": "integer",
        "status": "text",
        "urgent": "boolean",
        "price": "decimal",
        "rating": "float",
        "seats": "integer",
        "day": "date",
        "starts": "time",
        "lasts": "duration",
        "created_at": "datetime",
        "closed_at": "datetime",
        "reference": "uuid",
        "internal_notes": "text",
        "stripe_payment_id": "text",
        "document": "file",
        "digest": "binary",
    }
    assert describe(Customer).attributes["metadata"].kind == "json"
    assert describe(Node).attributes["parent"].kind == "uuid"


@pytest.mark.parametrize(
    ("model", "name", "cardinality", "target", "column"),
    [
        pytest.param(Booking, "customer", "one", Customer, "customer_id", id="foreign-key"),
        pytest.param(Booking, "customer_id", "one", Customer, "customer_id", id="its-column"),
        pytest.param(Booking, "lines", "many", Line, None, id="reverse-by-related-name"),
        pytest.param(Customer, "booking", "many", Booking, None, id="reverse-by-query-name"),
        pytest.param(Customer, "booking_set", "many", Booking, None, id="reverse-by-accessor"),
        pytest.param(Booking, "tags", "many", Tag, None, id="many-to-many"),
        pytest.param(Tag, "bookings", "many", Booking, None, id="many-to-many-from-behind"),
        pytest.param(Invoice, "booking", "one", Booking, "booking_id", id="one-to-one"),
        pytest.param(Booking, "invoice", "one", Invoice, None, id="one-to-one-from-behind"),
        pytest.param(Node, "parent", "one", Node, "parent_id", id="self-relation"),
        pytest.param(Node, "children", "many", Node, None, id="self-relation-from-behind"),
        pytest.param(Restaurant, "place_ptr", "one", Place, "place_ptr_id", id="parent-link"),
        pytest.param(Place, "restaurant", "one", Restaurant, None, id="child-of-a-parent"),
        pytest.param(Team, "members", "many", User, None, id="relation-to-the-user-model"),
        pytest.param(VipCustomer, "booking", "many", Booking, None, id="relation-of-a-proxy"),
    ],
)
def test_relations_are_known_from_both_sides(
    model: Any, name: str, cardinality: str, target: Any, column: str | None
) -> None:
    relation = describe(model).relation(name)
    assert relation is not None
    assert relation.cardinality == cardinality
    assert relation.label == target._meta.label_lower
    assert relation.column == column
    assert relation.target is describe(target)


@pytest.mark.parametrize(
    ("model", "key", "kind"),
    [
        pytest.param(Booking, "id", "integer", id="integer"),
        pytest.param(Tag, "slug", "text", id="text"),
        pytest.param(Node, "id", "uuid", id="uuid"),
        pytest.param(Restaurant, "place_ptr", "integer", id="inherited"),
        pytest.param(VipCustomer, "id", "integer", id="proxy"),
    ],
)
def test_primary_key_goes_by_its_name_and_by_pk(model: Any, key: str, kind: str) -> None:
    resource = describe(model)
    assert (resource.pk.name, resource.pk.kind) == (key, kind)
    assert resource.attribute("pk") is resource.attribute(key) is resource.pk


def test_inherited_columns_are_columns() -> None:
    assert set(describe(Restaurant).attributes) == {"id", "name", "place_ptr", "stars"}


def test_proxy_has_the_columns_of_its_model() -> None:
    assert set(describe(VipCustomer).attributes) == set(describe(Customer).attributes)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        pytest.param(Service, "live", id="manager"),
        pytest.param(Service, "objects", id="manager-that-is-not-there"),
        pytest.param(Booking, "save", id="method"),
        pytest.param(Booking, "_state", id="attribute"),
        pytest.param(Booking, "__class__", id="class"),
        pytest.param(Booking, "DoesNotExist", id="exception"),
        pytest.param(Booking, "get_next_by_created_at", id="generated-method"),
        pytest.param(User, "is_anonymous", id="property"),
        pytest.param(User, "check_password", id="method-of-the-user"),
        pytest.param(Booking, "", id="nothing"),
        pytest.param(Booking, "STATUS", id="capitals"),
    ],
)
def test_what_is_no_column_has_no_name(model: Any, name: str) -> None:
    resource = describe(model)
    assert resource.attribute(name) is None
    assert resource.relation(name) is None
    assert name not in set(resource.names())
    with pytest.raises(UnknownPathError):
        resolve(resource, (name,))


def test_a_generic_foreign_key_is_a_relation_to_the_row_itself() -> None:
    about = describe(Comment).relation("about")
    assert about is not None
    assert (about.cardinality, about.same_row, about.column) == ("one", True, None)
    assert about.target.attributes.keys() == {"type", "id"}


def test_generic_relations_of_other_keys_are_told_apart_for_the_checks() -> None:
    assert describe(Comment).unnamable == frozenset()
    assert describe(Page).unnamable == frozenset()
    assert describe(Booking).unnamable == frozenset()


@isolate_apps("tests.testapp")
def test_a_composite_key_has_the_columns_as_its_parts() -> None:
    class Pair(models.Model):
        pk = models.CompositePrimaryKey("left", "right")
        left = models.IntegerField()
        right = models.CharField(max_length=5)

        class Meta:
            app_label = "testapp"

    found = describe(Pair)
    assert ["pk", "left", "right"] == list(found.attributes)
    assert (found.attributes["left"], found.attributes["right"]) == found.key_columns
    assert ("composite", "pk") == (found.pk.kind, found.key_name)
    assert frozenset({"left", "right"}) in found.unique
    renamed = found.called(str.upper)
    assert ["LEFT", "RIGHT"] == [one.name for one in renamed.key_columns]
    assert renamed.attributes["LEFT"] is renamed.key_columns[0]


@isolate_apps("tests.testapp")
def test_a_key_with_a_part_without_text_cannot_be_exposed() -> None:
    class Pair(models.Model):
        pk = models.CompositePrimaryKey("left", "right")
        left = models.IntegerField()
        right = models.JSONField()

        class Meta:
            app_label = "testapp"

    with pytest.raises(UnsupportedModelError, match=r"composite primary key, and 'right'"):
        describe(Pair)


@isolate_apps("tests.testapp", "django.contrib.contenttypes")
def test_no_path_leads_to_rows_whose_key_has_no_text() -> None:
    class Team(models.Model):
        name = models.TextField()

        class Meta:
            app_label = "testapp"

    class Person(models.Model):
        teams = models.ManyToManyField(Team, through="Member")

        class Meta:
            app_label = "testapp"

    class Member(models.Model):
        pk = models.CompositePrimaryKey("person", "team", "since")
        since = models.BinaryField()
        person = models.ForeignKey(Person, models.CASCADE, related_name="members")
        team = models.OneToOneField(Team, models.CASCADE)
        hidden = models.ForeignKey(Team, models.CASCADE, related_name="+")
        friend = models.ForeignKey(Person, models.CASCADE, related_query_name="friend")
        role = models.TextField()

        class Meta:
            app_label = "testapp"

    for model, names in ((Person, {"members", "friend", "member_set"}), (Team, {"member"})):
        resource = describe(model)
        assert names == resource.keyless
        for name in names:
            reporter = ProblemReporter("R")
            report_path(f"{name}.role", resource, reporter)
            rule: Any = (((name, "role"), None),)
            report_rule(rule, QueryError("unknown"), resource, reporter)
            assert ["E006", "E012"] == [one.id for one in reporter.problems]
            assert all("composite primary key" in one.message for one in reporter.problems)
            for path in ((name,), (name, "role"), (name, "pk")):
                with pytest.raises(UnknownPathError):
                    resolve(resource, path)
    assert "teams.name" == ".".join(resolve(describe(Person), ("teams", "name")).canonical)
    assert "person.id" == ".".join(resolve(describe(Team), ("person", "id")).canonical)


@isolate_apps("tests.testapp")
def test_hidden_reverse_sides_and_generated_columns() -> None:
    class Thing(models.Model):
        price = models.IntegerField()
        double = models.GeneratedField(
            expression=models.F("price") * 2,
            output_field=models.IntegerField(),
            db_persist=True,
        )

        class Meta:
            app_label = "testapp"

    class Part(models.Model):
        thing = models.ForeignKey(Thing, models.CASCADE, related_name="+")

        class Meta:
            app_label = "testapp"

    described = describe(Thing)
    assert described.attributes["double"].kind == "integer"
    assert dict(described.relations) == {}
    assert describe(Part).relation("thing") is not None


@pytest.mark.parametrize(
    ("model", "path", "canonical", "rest"),
    [
        pytest.param(Booking, "status", "status", (), id="column"),
        pytest.param(Booking, "pk", "id", (), id="pk"),
        pytest.param(Booking, "customer", "customer", (), id="foreign-key"),
        pytest.param(Booking, "customer_id", "customer", (), id="its-column"),
        pytest.param(Booking, "customer.pk", "customer.id", (), id="key-over-there"),
        pytest.param(Booking, "customer_id.name", "customer.name", (), id="way-by-the-column"),
        pytest.param(Customer, "booking_set.status", "booking.status", (), id="accessor"),
        pytest.param(Booking, "lines", "lines.id", (), id="to-many-alone"),
        pytest.param(Booking, "invoice", "invoice.id", (), id="reverse-one-to-one-alone"),
        pytest.param(Booking, "tags", "tags.slug", (), id="many-to-many-alone"),
        pytest.param(Booking, "created_at.year.gte", "created_at", ("year", "gte"), id="transform"),
        pytest.param(Tag, "date", "date", (), id="field-called-like-an-operator"),
        pytest.param(Booking, "tags.date", "tags.date", (), id="field-called-so-behind-a-relation"),
        pytest.param(Tag, "date.contains", "date", ("contains",), id="operator-behind-it"),
        pytest.param(Customer, "metadata.a.b", "metadata.a.b", (), id="json-keys"),
        pytest.param(Customer, "metadata.a.gte", "metadata.a", ("gte",), id="operator-behind-keys"),
        pytest.param(Customer, "metadata.date.x", "metadata.date.x", (), id="key-like-an-operator"),
        pytest.param(Customer, "metadata.0", "metadata.0", (), id="index"),
        pytest.param(Customer, "metadata.-", "metadata.-", (), id="dash"),
        pytest.param(Customer, "metadata._", "metadata._", (), id="underscore"),
        pytest.param(Offer, "service.company.name", "service.company.name", (), id="two-hops"),
    ],
)
def test_path_leads_to_a_column(
    model: Any, path: str, canonical: str, rest: tuple[str, ...]
) -> None:
    target = resolve(describe(model), tuple(path.split(".")), tail=TAIL)
    assert ".".join(target.canonical) == canonical
    assert target.rest == rest


@pytest.mark.parametrize(
    ("model", "path"),
    [
        pytest.param(Booking, "status.name", id="beyond-a-column"),
        pytest.param(Booking, "customer.nothing", id="unknown-behind-a-relation"),
        pytest.param(Booking, "customer.gte.name", id="operator-in-the-middle"),
        pytest.param(Booking, "gte", id="operator-alone"),
        pytest.param(Customer, "metadata.-1", id="negative-index"),
        pytest.param(Customer, "metadata.1_0", id="index-with-an-underscore"),
        pytest.param(Customer, "metadata.-1_0", id="negative-index-with-an-underscore"),
        pytest.param(Customer, "metadata.1234567890", id="index-too-long"),
        pytest.param(Customer, "metadata.größe", id="key-of-other-letters"),
        pytest.param(Booking, "customer__name", id="double-underscores"),
        pytest.param(Booking, "id.id", id="column-of-a-column"),
    ],
)
def test_path_that_leads_nowhere_is_unknown(model: Any, path: str) -> None:
    with pytest.raises(UnknownPathError):
        resolve(describe(model), tuple(path.split(".")), tail=TAIL)


def test_empty_path_is_unknown() -> None:
    with pytest.raises(UnknownPathError):
        resolve(describe(Booking), ())


def test_operators_are_no_part_of_paths_elsewhere() -> None:
    with pytest.raises(UnknownPathError):
        resolve(describe(Booking), ("status", "contains"))


def test_hops_are_relations_only() -> None:
    names = [hop.name for hop in resolve_hops(describe(Booking), ("customer_id", "company"))]
    assert names == ["customer", "company"]
    with pytest.raises(UnknownPathError):
        resolve_hops(describe(Booking), ("customer", "name"))
