"""An action from the request to the reply: run now, or queued to run later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex import engine
from django_flex.actions.background.queueing import queue, runs_later
from django_flex.actions.run import tracking
from django_flex.actions.run.execution import prepare, transact
from django_flex.exceptions import FlexError

if TYPE_CHECKING:
    from django_flex.engine import Call, ResolvedCall
    from django_flex.plan.shape import FlexResult


def run_action(call: Call) -> FlexResult:
    """Run the action that a call names; a ``FlexError`` becomes an error result."""
    return engine.execute(call, answer)


def answer(resolved: ResolvedCall) -> FlexResult:
    """Run an action for a caller whose role is known.

    Raises:
        FlexError: the request is invalid, or the action failed or refused.
    """
    run = prepare(resolved)
    if runs_later(run):
        return queue(run)
    try:
        return transact(run)
    except FlexError as error:
        headers = tracking.log_failure(run, error)
        raise error.with_headers(headers) from error.__cause__
