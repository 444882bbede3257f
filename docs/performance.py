"""Write the tables and the charts of the measurements: ``python docs/performance.py``.

What was measured is in ``docs/_data/performance.json``, which ``python -m tests.performance --json``
writes. The files are committed. A test fails when the tables are stale, and says to run this. The
charts need matplotlib, which is in the dependency group ``docs``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
DATA = DOCS / "_data" / "performance.json"
TARGET = DOCS / "explanation" / "_generated"
OURS = "django_flex"
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
#: What is compared with everybody, and its short name.
CASES = {
    ("list", "1"): "1 row",
    ("list", "20"): "20 rows",
    ("list", "200"): "200 rows",
    ("list", "1000"): "1,000 rows",
    ("indexed", "20"): "20 rows, index",
    ("indexed", "200"): "200 rows, index",
    ("nested", "20"): "20 rows, nested",
    ("nested", "200"): "200 rows, nested",
    ("get", "1"): "get",
    ("add", "1"): "add",
}
TITLES = {
    ("list", "20"): "list of 20 rows",
    ("list", "200"): "list of 200 rows",
    ("list", "1000"): "list of 1,000 rows",
    ("nested", "20"): "20 rows with lists in them",
    ("nested", "200"): "200 rows with lists in them",
    ("get", "1"): "one row by its key",
}
#: Ink, faint ink, and the colours of ours and of each database, on light and on dark.
THEMES = {
    "light": {
        "ink": "#1f2328",
        "faint": "#d0d7de",
        "ours": "#1a7f37",
        "bars": ("#0969da", "#9cc2ee"),
    },
    "dark": {
        "ink": "#e6edf3",
        "faint": "#444c56",
        "ours": "#57ab5a",
        "bars": ("#539bf5", "#2f5d94"),
    },
}


def measured() -> dict[str, Any]:
    """Return the data by database, in the order of the page."""
    kept = json.loads(DATA.read_text())
    return {name: kept[name] for name in DATABASES if name in kept}


def times(table: dict[str, Any]) -> dict[str, float]:
    """Return how many times the time of ours each contender of a table takes."""
    return {
        one["name"]: 1 / one["figure"] if one["means"].startswith("ours is") else one["figure"]
        for one in table["figures"]
        if one["figure"]
    }


def milliseconds(table: dict[str, Any]) -> float:
    """Return what ours takes."""
    [ours] = [one["value"] for one in table["figures"] if one["name"] == OURS]
    found: float = ours
    return found


def by_case(part: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the tables of a database by section and case."""
    return {(one["section"], one["case"]): one for one in part["tables"]}


def contenders() -> list[str]:
    """Return everybody who was compared, in the order of the measurements."""
    names = [
        one["name"]
        for part in measured().values()
        for key, table in by_case(part).items()
        if key in CASES
        for one in table["figures"]
    ]
    return list(dict.fromkeys(names))


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown, the first column to the left."""
    columns = list(head)
    lines = [columns, ["---"] + ["--:"] * (len(columns) - 1), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def ratios(database: str) -> str:
    """Return the comparison with everybody, in times the time of ours."""
    tables = by_case(measured()[database])
    cases = {key: title for key, title in CASES.items() if key in tables}
    found = {key: times(tables[key]) for key in cases}
    rows = [["**django_flex**", *(f"**{milliseconds(tables[key]):.2f} ms**" for key in cases)]]
    for name in contenders():
        if name != OURS:
            cells = (found[key].get(name) for key in cases)
            rows.append([name, *("" if one is None else f"{one:.2f}" for one in cells)])
    return markdown(["", *cases.values()], rows)


def about() -> str:
    """Say what was measured, where and when."""
    lines = []
    for name, part in measured().items():
        said = part["about"]
        lines.append(
            f"- {DATABASES[name]}: {said['database']}, Python {said['python']}, "
            f"Django {said['django']}, {said['machine']}, {said['day']}\n"
        )
    return "".join(lines)


def throughput() -> str:
    """Return requests per second and latencies under load."""
    rows = []
    for name, part in measured().items():
        for (section, case), table in by_case(part).items():
            if section == "throughput":
                rows.append([f"{DATABASES[name]}, {case}", *_rates(table)])
    names = ["django_flex", "by hand, values_list", "REST framework"]
    return markdown(["server", *names], rows)


def _rates(table: dict[str, Any]) -> Iterator[str]:
    for one in table["figures"]:
        yield "" if one["value"] is None else f"{one['value']:,.0f}/s ({one['note']})"


def growth() -> str:
    """Return the milliseconds of ours and those by hand, by what grows."""
    rows = []
    for name, part in measured().items():
        for (section, _), table in by_case(part).items():
            if section == "growth":
                what = table["title"].removeprefix("growth with ")
                steps = (f"{one['name']}: {one['value']:.2f} ms" for one in table["figures"])
                rows.append([f"{DATABASES[name]}, {what}", ", ".join(steps)])
    return markdown(["growth with", "time of ours"], rows)


def others() -> str:
    """Return the measurements that have targets of their own kind."""
    rows = []
    wanted = ("cursors", "aggregate", "writes", "memory", "exports", "start")
    for name, part in measured().items():
        for (section, _), table in by_case(part).items():
            if section not in wanted:
                continue
            for one in table["figures"]:
                if one["figure"] is not None and one["target"]:
                    figure = f"{one['figure']:,.2f} {one['means']}"
                    target = f"{one['target']['word']} {one['target']['bound']:g}"
                    title = f"{DATABASES[name]}, {table['title']}: {one['name']}".rstrip(": ")
                    rows.append([title, figure, target])
    return markdown(["measurement", "figure", "target"], rows)


def client() -> str:
    """Return what the client takes beside its HTTP library by hand, for each kind of list."""
    rows = []
    for (section, _), table in by_case(measured()["sqlite"]).items():
        if section == "client":
            ours, judged = table["figures"][0], table["figures"][-1]
            target = f"{judged['target']['word']} {judged['target']['bound']:g}"
            hand = "" if judged is ours else f"{judged['value']:.2f} ms"
            unit = " ms" if judged is ours else ""
            figure = f"{judged['figure']:.{0 if unit else 2}f}{unit}"
            rows.append([table["title"], f"{ours['value']:.2f} ms", hand, figure, target])
    return markdown(["measurement", "client", "by hand", "figure", "target"], rows)


def dynamodb() -> str:
    """Return what items of DynamoDB take beside PynamoDB; that they were not measured, if so."""
    rows = []
    for (section, _), table in by_case(measured()["sqlite"]).items():
        if section == "dynamodb":
            ours, *others = table["figures"]
            cells = ["not measured", "", "", ""]
            for one in others:
                figure, target = (
                    f"{one['figure']:.2f}",
                    f"{one['target']['word']} {one['target']['bound']:g}",
                )
                cells = [f"{ours['value']:.2f} ms", f"{one['value']:.2f} ms", figure, target]
            rows.append([table["title"], *cells])
    return markdown(["measurement", "django_flex", "PynamoDB", "figure", "target"], rows)


TABLES = {
    "about": about,
    "ratios_sqlite": lambda: ratios("sqlite"),
    "ratios_postgresql": lambda: ratios("postgresql"),
    "throughput": throughput,
    "growth": growth,
    "others": others,
    "client": client,
    "dynamodb": dynamodb,
}


def chart(theme: str) -> None:
    """Draw the times of everybody, one panel for each case, as one picture for a theme."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    look = THEMES[theme]
    mpl.rcParams.update(
        {
            "svg.hashsalt": "django_flex",
            "svg.fonttype": "none",  # text stays text, in the font of the page
            "font.family": "sans-serif",
            "font.size": 10,
            "text.color": look["ink"],
            "axes.facecolor": "none",
            "axes.labelcolor": look["ink"],
            "xtick.color": look["ink"],
            "ytick.color": look["ink"],
        }
    )
    figure, panels = plt.subplots(2, 3, figsize=(10, 6.4), sharey=True, layout="constrained")
    names = contenders()[::-1]
    for panel, key in zip(panels.flat, TITLES, strict=True):
        _draw(panel, key, names, look)
    figure.suptitle("processor time, in times that of django_flex", fontsize=11)
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    path = TARGET / f"performance-{theme}.svg"
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)


def _draw(panel: Any, key: tuple[str, str], names: list[str], look: dict[str, Any]) -> None:
    parts = measured()
    height = 0.8 / len(parts)
    longest = 1.0
    for number, (database, part) in enumerate(parts.items()):
        table = by_case(part).get(key)
        if table is None:
            continue
        found = {**times(table), OURS: 1.0}
        places = [i - 0.4 + height * (len(parts) - number - 0.5) for i in range(len(names))]
        widths = [found.get(name, 0) for name in names]
        colour = look["bars"][number]
        panel.barh(places, widths, height, color=colour, label=DATABASES[database])
        longest = max(longest, *widths)
        for place, width in zip(places, widths, strict=True):
            if width and width != 1:
                panel.text(width, place, f" {width:.1f}", va="center", fontsize=7)
    panel.axvline(1, color=look["ours"], linewidth=1.5)
    panel.set_title(TITLES[key], fontsize=10)
    panel.set_yticks(range(len(names)), names)
    panel.set_xlim(0, longest * 1.12)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    panel.grid(axis="x", color=look["faint"], linewidth=0.5)
    panel.set_axisbelow(True)


def write() -> None:
    """Write every table and every chart."""
    TARGET.mkdir(exist_ok=True)
    for name, make in TABLES.items():
        (TARGET / f"performance_{name}.md").write_text(make())
    for theme in THEMES:
        chart(theme)


if __name__ == "__main__":
    write()
