"""Models of DynamoDB tables with Django's querysets, on top of PynamoDB; usable by itself.

Needs the extra ``dynamodb``. The names and signatures are those of pydjamodb.
"""
