"""Generate types for roles of the music shop, compile them, and run the client against the shop.

    python .ci/typescript.py FOLDER

FOLDER is for a copy of the shop and for the project of tests/codegen/typescript, whose packages are
installed there. What its files expect of results has to be so, what they expect not to compile must
not, and its tests have to pass against the shop. So do the examples of the guide, and a module all
texts of which try to become code has to compile.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import django
from serving import ROOT, served_shop

sys.path.insert(0, str(ROOT))
from tests.docs.pages import blocks

ROLES = ("anon", "agents", "managers")
GUIDE = ROOT / "docs" / "how-to" / "types-for-your-front-end.md"


def main(folder: Path) -> int:
    """Generate, compile, run."""
    project = folder / "project"
    shutil.copytree(ROOT / "tests" / "codegen" / "typescript", project)
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
    with subprocess.Popen(install, cwd=project) as installing, served_shop(folder) as shop:
        roles = [word for role in ROLES for word in ("--role", role)]
        shop.manage("flex_types", "typescript", *roles, "--output", str(project / "flex"))
        write_guide(project)
        write_hostile(project / "flex" / "hostile.ts")
        if installing.wait():
            return 1
        for command in (["tsc", "--project", "."], ["vitest", "run", "--reporter=dot"]):
            environment = {**os.environ, "SHOP": shop.url}
            done = subprocess.run(
                ["npx", "--no-install", *command], cwd=project, env=environment, check=False
            )
            if done.returncode:
                return 1
    return 0


def write_guide(project: Path) -> None:
    """Write the examples of the guide as one module, and what they print."""
    found = [block for block in blocks(GUIDE) if block.is_run]
    code = [block.text for block in found if block.language == "typescript"]
    printed = [json.loads(block.text) for block in found if block.language == "json"]
    (project / "guide.ts").write_text("\n".join(code))
    (project / "guide.json").write_text(json.dumps(printed))


def write_hostile(target: Path) -> None:
    """Write the module of a description with hostile texts."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django_flex.codegen import render_typescript
    from tests.codegen.hostile import TARGET, models

    target.write_text(render_typescript(TARGET, models()), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
