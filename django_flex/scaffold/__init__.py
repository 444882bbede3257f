"""A start in an existing project: ``EXPOSE`` as a text to edit, and the lines that switch it on.

``models`` chooses the models, ``ownership`` finds the ways from their rows to users, ``suggestions``
makes grants of both, as comments. ``source`` writes Python, ``wiring`` compares the files of the
project with how they have to be. Nothing here changes a file, and nothing that is written grants
anything before somebody edits it.
"""
