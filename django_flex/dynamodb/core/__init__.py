"""Requests to DynamoDB as plain functions of a frozen description of a table. No I/O, no Django."""
