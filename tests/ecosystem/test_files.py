"""django-storages: files that are far away."""

from __future__ import annotations

from django.core.files.base import ContentFile

from tests.ecosystem.conftest import ask, edited, rows
from tests.ecosystem.models import Document


def test_files_have_the_address_that_the_storage_signs() -> None:
    document = Document.objects.create(name="a", file=ContentFile(b"abc", name="a.txt"))

    (row,) = rows("document")
    assert (document.file.url, document.file.name) == (row["file"]["url"], row["file"]["name"])
    assert row["file"]["url"].endswith("?signature=abc")


def test_a_file_is_found_by_its_name_and_taken_away() -> None:
    document = Document.objects.create(name="a", file=ContentFile(b"abc", name="b.txt"))
    Document.objects.create(name="b")

    assert [{"id": document.pk}] == rows("document", "id", filters={"file": document.file.name})
    assert edited("document", document.pk, name="c")["file"]["name"] == document.file.name
    assert 200 == ask("document", "delete", id=document.pk)[0]
    assert [{"name": "b", "file": None}] == rows("document", "name, file")
