"""Everything that knows ``HttpRequest``: decode, route, authenticate, render."""
