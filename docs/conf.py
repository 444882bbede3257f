"""Sphinx: ``sphinx-build -n -W --keep-going docs docs/_build``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django_flex  # the version is in one place

project = "django_flex"
author = "the django_flex contributors"
copyright = "the django_flex contributors"
version = release = django_flex.__version__

extensions = ["myst_parser"]
exclude_patterns = ["_build", "**/_generated"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"django_flex {version}"
html_copy_source = False
html_extra_path = ["llms.txt"]
html_show_sphinx = False


def copy_skills(app, error):
    """Put the skills, which are pages too, beside llms.txt as they are: agents read Markdown."""
    if error is None and app.builder.format == "html":
        skills = Path(__file__).with_name("skills")
        shutil.copytree(skills, Path(app.outdir), dirs_exist_ok=True)


def setup(app):
    """Connect what Sphinx has no setting for."""
    app.connect("build-finished", copy_skills)
