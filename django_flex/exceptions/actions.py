"""What can go wrong with model actions."""

from __future__ import annotations

from django_flex.exceptions.base import FlexError
from django_flex.exceptions.general import ConflictError, NotFoundError
from django_flex.exceptions.places import Place, Text


class ActionNotFoundError(NotFoundError):
    """No action under this name, or none that the caller may run."""

    code = "action.not_found"

    def __init__(self, *, path: Place | None = None, hint: Text | None = None) -> None:
        super().__init__("There is no such action", path=path, hint=hint)


class ActionFailedError(FlexError):
    """The code of an action failed and was rolled back; the log says why."""

    status = 500
    code = "action.failed"

    def __init__(self, message: str = "The action failed") -> None:
        super().__init__(message)


class ActionUnwrittenError(ActionFailedError):
    """An action whose status is still ``todo``."""

    status = 501
    code = "action.todo"

    def __init__(self) -> None:
        super().__init__("The action is not implemented yet")


class ActionError(ConflictError):
    """The code of an action refused, with a reason, and was rolled back."""

    code = "action.refused"


class ActionCancelledError(ConflictError):
    """The run was cancelled; what it had written since the last commit is rolled back."""

    code = "action.cancelled"

    def __init__(self) -> None:
        super().__init__("The action was cancelled")


class ActionUnavailableError(ConflictError):
    """The condition of the action does not allow it for this row now."""

    code = "action.unavailable"
