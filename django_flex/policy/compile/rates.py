"""Rate limits as written, ``60`` or ``"100/h"`` or by operation, into numbers.

An invalid limit refuses every request: if it were left out, every request would be accepted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex.metering import UNITS
from django_flex.policy.rates import CLOSED, NO_RATES, NOBODY, PERIODS, Rate, Rates
from django_flex.query.operations import OPERATIONS
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter

LONGEST = 366 * PERIODS["d"]
DEFAULT = "default"
#: What a rate may look like, for messages.
EXAMPLES = "60 for each minute, or '100/h', '5/10m' with s, m, h or d"
_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,7})?([smhd])")


def compile_rates(
    written: object,
    reporter: ProblemReporter,
    actions: Collection[str] = (),
    *,
    metered: bool = False,
) -> Rates:
    """Compile a ``rate_limit``; ``None`` sets no rate, an invalid value refuses every request.

    Args:
        written: what the settings say.
        reporter: takes what is wrong with it.
        actions: ids of the model actions that may be named beside the operations.
        metered: whether units of consumed capacity may be limited, too.
    """
    if written is None:
        return NO_RATES
    if not isinstance(written, Mapping):
        return Rates(default=_read(written, reporter))
    if not written:
        reporter.report("E016", "An empty dictionary sets no rate", "None for no limit")
        return NOBODY
    units = {kind: written[kind] for kind in UNITS if metered and kind in written}
    rates = {name: rate for name, rate in written.items() if name not in units}
    known = {**OPERATIONS, **{name: name for name in actions}}
    return replace(
        _by_operation(rates, reporter, known),
        units={kind: _read(rate, reporter.at(kind)) for kind, rate in units.items()},
    )


def _by_operation(
    written: Mapping[Any, object], reporter: ProblemReporter, operations: Mapping[str, str]
) -> Rates:
    found: dict[str, Rate] = {}
    default = _read(written[DEFAULT], reporter.at(DEFAULT)) if DEFAULT in written else None
    for name, rate in written.items():
        if name == DEFAULT:
            continue
        operation = operations.get(name)
        if operation is None and name in UNITS:
            reporter.at(name).report("E016", "Nothing counts the units of this model")
            default = CLOSED
        elif operation is None:
            known = (DEFAULT, *operations)
            hint = nearest(str(name), known) or f"one of {', '.join(known)}"
            reporter.report("E016", f"Unknown operation {name!r}", hint)
            default = CLOSED
        elif operation in found:
            reporter.at(name).report(
                "E016", f"'{operation}' already has a rate, under another name"
            )
            found[operation] = CLOSED
        else:
            found[operation] = _read(rate, reporter.at(name))
    return Rates(found, default)


def _read(written: object, reporter: ProblemReporter) -> Rate:
    rate = read_rate(written)
    if rate is None:
        reporter.report("E016", f"{written!r} is not a rate", EXAMPLES)
    return rate or CLOSED


def read_rate(written: object) -> Rate | None:
    """Read ``60`` (each minute) or ``"100/10m"``; ``None`` if it is neither."""
    if isinstance(written, int) and not isinstance(written, bool):
        return Rate(written, PERIODS["m"]) if written > 0 else None
    parts = _RATE.fullmatch(written) if isinstance(written, str) else None
    if parts is None:
        return None
    seconds = int(parts[2] or 1) * PERIODS[parts[3]]
    return Rate(int(parts[1]), seconds) if seconds <= LONGEST else None
