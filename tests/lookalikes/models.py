"""Models whose columns and relations are called like lookups and transforms of Django.

Each column holds another number than the key, so that a comparison of the wrong one is seen.
"""

from __future__ import annotations

from django.db import models

#: What Django knows as lookups of numbers, texts, dates, JSON and relations, and as transforms.
LOOKUPS = [
    "exact",
    "iexact",
    "gt",
    "gte",
    "lt",
    "lte",
    "isnull",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "range",
    "regex",
    "iregex",
    "year",
    "iso_year",
    "month",
    "day",
    "week",
    "week_day",
    "iso_week_day",
    "quarter",
    "date",
    "time",
    "hour",
    "minute",
    "second",
    "has_key",
    "has_keys",
    "has_any_keys",
    "contained_by",
    "len",
]


class Vessel(models.Model):
    """What others point to: a column for each lookup, with another number than its key."""

    name = models.CharField(max_length=20)
    data = models.JSONField(default=dict)

    for _name in (*LOOKUPS, "in"):
        locals()[_name] = models.IntegerField(null=True)
    del _name


class Steamer(Vessel):
    """Its key is a foreign key to the part of the row in the table of its parent."""

    power = models.IntegerField(default=1)


class Captain(models.Model):
    """Its key is a foreign key, too; ``id`` is another column."""

    vessel = models.OneToOneField(Vessel, models.CASCADE, primary_key=True)
    id = models.IntegerField()
    gt = models.IntegerField(null=True)


class Voyage(models.Model):
    """Points to each of them."""

    number = models.IntegerField()
    vessel = models.ForeignKey(Vessel, models.CASCADE, null=True, related_name="voyages")
    captain = models.ForeignKey(Captain, models.CASCADE, null=True, related_name="voyages")
    steamer = models.ForeignKey(Steamer, models.CASCADE, null=True, related_name="trips")
    fleet = models.ForeignKey("Fleet", models.CASCADE, null=True, related_name="voyages")


class Fleet(models.Model):
    """Many-to-many to vessels; its reverse relations are called like lookups, too."""

    name = models.CharField(max_length=20)
    vessels = models.ManyToManyField(Vessel, related_name="fleets")
    hired = models.ManyToManyField(Vessel, through="Hire", related_name="hirers")


class Hire(models.Model):
    """Links a fleet with a vessel, and is known to the fleet by the name of a lookup."""

    fleet = models.ForeignKey(
        Fleet, models.CASCADE, related_name="hires", related_query_name="exact"
    )
    vessel = models.ForeignKey(Vessel, models.CASCADE, related_name="hires")


class Pennant(models.Model):
    """Known to the fleet by the name of a lookup."""

    fleet = models.ForeignKey(
        Fleet, models.CASCADE, related_name="pennants", related_query_name="in"
    )
    text = models.CharField(max_length=20)


class FleetDay(models.Model):
    """Known to the fleet as ``year``; has columns that are called like transforms."""

    fleet = models.ForeignKey(Fleet, models.CASCADE, related_name="year")
    date = models.DateTimeField()
    hour = models.IntegerField(default=0)


class Berth(models.Model):
    """Has a foreign key among the columns of its key."""

    pk = models.CompositePrimaryKey("vessel", "place")
    vessel = models.ForeignKey(Vessel, models.CASCADE, related_name="berths")
    place = models.IntegerField()
