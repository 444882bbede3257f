from __future__ import annotations
import pytest
from django_flex import FlexQuery
from tests.testapp.models import Booking, Customer, Line, Tag

pytestmark = pytest.mark.django_db
ALL = {n: {"anon": "*"} for n in ("booking","customer","company","address","team","tag","line","invoice","node","service")}

def ask(model="booking", **spec):
    r = FlexQuery(model).execute(spec)
    return r.status_code, r.to_dict()

def test_it(bookings, configure, django_assert_num_queries):
    configure(ALL)
    print(ask(_action="add", customer=1, price="12.5", status="new", _fields="id,price,customer.name"))
    print(ask(_action="add", customer=99, price="x"))
    print(ask(_action="add", customer=99))
    print(ask(_action="add", status="x"))
    print(ask(_action="add", customer=1, status="x"*30, day="2025-02-31"))
    print(ask(_action="add", customer=1, nope=1))
    print(ask(_action="edit", id=1, status="done", tags=["green"], _fields="id,status,price"))
    print(list(Booking.objects.get(pk=1).tags.values_list("pk", flat=True)))
    print(ask(_action="edit", id=77, status="done"))
    print(ask("customer", _action="edit", id=1, **{"metadata.level": 9, "metadata.settings.theme": "x"}, _fields="metadata"))
    print(ask(_action="delete", id=4))
    print(ask(_action="add", _items=[{"customer": 1}, {"customer_id": 2, "lines": [{"product": "a"}, {"product": "b", "quantity": 3}]}], _fields="id,customer"))
    print(Line.objects.count())
    print(ask(_action="edit", _items=[{"id": 1, "seats": 9}, {"id": 2, "seats": 8}], _fields="id,seats"))
    print(ask(_action="edit", id=1, lines={"$add": [{"product": "n"}], "$edit": [{"id": 1, "quantity": 100}], "$remove": [2]}, _fields="id"))
    print(list(Line.objects.filter(booking=1).values_list("id","product","quantity")))
    print(ask(_action="bulk_edit", filters={"status": "pending"}, _set={"seats": 1}))
    r = FlexQuery("booking").unrestricted().execute({"_action":"bulk_edit","filters":{"status":"pending"},"_set":{"seats":1},"_fields":"id,seats"})
    print(r.to_dict())
    print(ask("tag", _action="upsert", _match="slug", slug="red", date="x"))
    r = FlexQuery("booking").execute({"_batch":[{"_model":"customer","_action":"add","name":"N","_name":"c"},{"_model":"booking","_action":"add","customer":{"$ref":"c.id"},"_fields":"id,customer"}]})
    print(r.to_dict())
    print(ask(_action="edit", id=1, status="z", _if_match='"x"'))
    print(ask(_action="edit", id=1, status="z", _dry_run=True, _fields="status"), Booking.objects.get(pk=1).status)
