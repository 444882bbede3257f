"""Models that save otherwise than Django does: again, elsewhere, not at all, or called otherwise."""

from __future__ import annotations

from typing import Any

from django.db import models


class Saved(models.Model):
    """What all of them have."""

    name = models.CharField(max_length=20)
    number = models.IntegerField(default=0)

    class Meta:
        abstract = True


class Adopting(Saved):
    """Its ``save`` takes over the row of the same name, as ``get_or_create`` would."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.pk:
            self.pk = Adopting.objects.filter(name=self.name).values_list("pk", flat=True).first()
        super().save(*args, **kwargs)


class Thrice(Saved):
    """Its ``save`` passes on what it was called with, three times."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        for _ in range(3):
            super().save(*args, **kwargs)


class Again(Saved):
    """Its ``save`` calls itself, when the key is known."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        if not self.number:
            self.number = self.pk + 100
            self.save()


class Resaved(Saved):
    """A receiver of ``post_save`` saves it again."""


class Elsewhere(Saved):
    """Its ``save`` has a queryset store the row, and knows its key only."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        stored = Elsewhere.objects.filter(pk=self.pk)
        if not stored.update(name=self.name.upper(), number=self.number):
            row = Elsewhere(name=self.name.upper(), number=self.number)
            models.Model.save(row)
            self.pk = row.pk


class Ignoring(Saved):
    """Its ``save`` stores no rows of one name, and does not say so."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.name != "Yoko":
            super().save(*args, **kwargs)


class IgnoringKeyed(models.Model):
    """Its key, which the client sends, does not mean that its ``save`` has stored it."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=20)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.name != "Yoko":
            super().save(*args, **kwargs)


class IgnoringBase(Saved):
    """Its ``save_base`` does not store all rows."""

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        if self.name != "Yoko":
            super().save_base(*args, **kwargs)


class IgnoringPart(Saved):
    """A row inside another, which is not always stored."""

    keyed = models.ForeignKey(IgnoringKeyed, models.CASCADE, related_name="parts")

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.name != "Yoko":
            super().save(*args, **kwargs)


class WithCommit(Saved):
    """Methods with a parameter of their own, in place of Django's."""

    def save(self, commit: bool = True) -> None:  # type: ignore[override]
        super().save()

    def delete(self, hard: bool = False) -> Any:  # type: ignore[override]
        return super().delete()


class WithSome(Saved):
    """Methods that know some of Django's parameters."""

    def save(self, force_insert: bool = False, using: Any = None) -> None:  # type: ignore[override]
        super().save(force_insert=force_insert, using=using)

    def delete(self, keep_parents: bool = False) -> Any:  # type: ignore[override]
        return super().delete(keep_parents=keep_parents)


class WithColumns(Saved):
    """Methods that know another one of Django's parameters, and only positions."""

    def save(self, update_fields: Any = None) -> None:  # type: ignore[override]
        super().save(update_fields=update_fields)

    def delete(self, *args: Any) -> Any:
        return super().delete(*args)


class WithRequest(Saved):
    """Methods with a parameter in front of Django's."""

    def save(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)

    def delete(self, user: Any = None, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().delete(*args, **kwargs)


class WithKeywords(Saved):
    """Methods with a parameter that is a keyword only."""

    def save(self, *, user: Any = None, **kwargs: Any) -> None:
        super().save(**kwargs)

    def delete(self, *, soft: bool = False, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().delete(**kwargs)


class Counting(models.Model):
    """Its ``save`` takes JSON to have the form that it has by default."""

    name = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict, blank=True)
    items = models.JSONField(default=list, blank=True)
    notes = models.JSONField(null=True, blank=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.name == "broken":
            raise KeyError("a fault")
        self.data.setdefault("names", []).append(self.name)
        self.items.append(len(self.data["names"]))
        if self.notes is not None:
            self.notes["seen"] = True
        super().save(*args, **kwargs)


class CountingBase(Counting):
    """Its ``full_clean`` is its own, and asks nothing of JSON."""

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        super().full_clean(*args, **kwargs)
