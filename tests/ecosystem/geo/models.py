"""Places in every form that GeoDjango has for them."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Area, Centroid, Distance
from django.contrib.gis.geos import Point

#: Zone 32 of UTM, in metres.
UTM32 = 25832


class District(models.Model):
    name = models.CharField(max_length=50)
    area = models.MultiPolygonField()
    secret = models.BooleanField(default=False)


class Stop(models.Model):
    name = models.CharField(max_length=50)
    district = models.ForeignKey(District, models.CASCADE, null=True, related_name="stops")
    location = models.PointField(null=True, blank=True)
    secret = models.BooleanField(default=False)


class Drawing(models.Model):
    """One of each type of geometry."""

    name = models.CharField(max_length=50, blank=True)
    point = models.PointField(null=True, blank=True)
    line = models.LineStringField(null=True, blank=True)
    polygon = models.PolygonField(null=True, blank=True)
    points = models.MultiPointField(null=True, blank=True)
    lines = models.MultiLineStringField(null=True, blank=True)
    polygons = models.MultiPolygonField(null=True, blank=True)
    collection = models.GeometryCollectionField(null=True, blank=True)
    anything = models.GeometryField(null=True, blank=True)


class Survey(models.Model):
    """Other coordinate systems, a third number, and the globe."""

    name = models.CharField(max_length=50, blank=True)
    projected = models.PointField(srid=UTM32, null=True, blank=True)
    lambert = models.PointField(srid=2154, null=True, blank=True)
    parcel = models.PolygonField(srid=UTM32, null=True, blank=True)
    plan = models.PolygonField(srid=-1, null=True, blank=True)
    high = models.PointField(dim=3, null=True, blank=True)
    track = models.LineStringField(dim=3, null=True, blank=True)
    globe = models.PointField(geography=True, null=True, blank=True)
    land = models.PolygonField(geography=True, null=True, blank=True)


#: What an entry of ``Survey`` computes from its columns.
COMPUTED = {
    "middle": Centroid("parcel"),
    "size": Area("parcel"),
    "away": Distance("projected", Point(500_000, 5_500_000, srid=UTM32)),
}
