"""What the app adds to ``django.setup()``, each time in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from tests.performance import environments
from tests.performance.contest import Contest, undisturbed
from tests.performance.table import Figure, Table, at_most

TARGET_MS = at_most(30)
CODE = (
    "import time, django; from django.conf import settings;"
    "settings.configure(INSTALLED_APPS=['django.contrib.contenttypes','django.contrib.auth'{}],"
    "DATABASES={{'default':{{'ENGINE':'django.db.backends.sqlite3','NAME':':memory:'}}}});"
    "t=time.process_time(); django.setup(); print((time.process_time()-t)*1000)"
)


def imports(_contest: Contest) -> Iterator[Table]:
    """Compare the start of a project without and with the app, turn about."""
    taken: dict[str, list[float]] = {"": [], ",'django_flex'": []}
    for _ in range(13):
        for app, times in taken.items():
            command = [sys.executable, "-c", CODE.format(app)]
            times.append(float(subprocess.check_output(command, cwd=environments.ROOT)))
    without, with_it = (undisturbed(times) for times in taken.values())
    added = Figure(
        name="with the app",
        value=with_it,
        figure=round(with_it - without, 1),
        means="ms more",
        target=TARGET_MS,
    )
    figures = (Figure(name="without", value=without), added)
    yield Table(section="start", case="1", title="django.setup()", figures=figures)
