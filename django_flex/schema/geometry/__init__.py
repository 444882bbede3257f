"""Geometries: GeoJSON (RFC 7946) in and out, and what the columns of GeoDjango hold.

Nothing here imports GeoDjango, GDAL or GEOS before a project has a column of geometries.
"""
