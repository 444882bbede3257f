"""Models and grants for a project that leaves Directus, from its schema and its policies.

``snapshot`` reads the schema, ``policies`` who may do what; ``models`` and ``grants`` write source
text from them, ``rules`` translates filters. What cannot be carried over is a ``Gap``, never a guess:
where a rule has no translation, the operation is not granted.
"""
