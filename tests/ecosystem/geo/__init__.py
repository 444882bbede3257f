"""A project with GeoDjango: SpatiaLite, PostGIS or MariaDB."""
