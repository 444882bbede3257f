"""What can go wrong with model actions, or come of them."""

from __future__ import annotations

from django_flex.exceptions.general import ConflictError, FlexError, NotFoundError


class ActionNotFoundError(NotFoundError):
    """No action under this name, or none that the caller may run."""

    code = "action.not_found"

    def __init__(self, *, path: str | None = None, hint: str | None = None) -> None:
        super().__init__("There is no such action", path=path, hint=hint)


class ActionFailedError(FlexError):
    """The code of an action failed; what it had written is undone, the log says why."""

    status = 500
    code = "action.failed"

    def __init__(self, message: str = "The action failed") -> None:
        super().__init__(message)


class ActionUnwrittenError(ActionFailedError):
    """An action whose status is still ``todo``."""

    status = 501
    code = "action.todo"

    def __init__(self) -> None:
        super().__init__("The action is not written yet")


class ActionError(ConflictError):
    """The code of an action refuses, and says why; what it had written is undone."""

    code = "action.refused"


class ActionCancelledError(ConflictError):
    """Somebody asked for the action to stop; what it had written since is undone."""

    code = "action.cancelled"

    def __init__(self) -> None:
        super().__init__("The action was cancelled")


class ActionUnavailableError(ConflictError):
    """The row is in no state in which the action makes sense, as its condition says."""

    code = "action.unavailable"
