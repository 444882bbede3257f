"""A digital music shop on the Chinook data: the example of django_flex."""
