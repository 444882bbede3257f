"""The registry of the log's own actions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django_flex.contrib.dj_actions.util import ACTION_TYPE, STATUS, enrich_actions

action_list: list[tuple[str, str, str]] = []
# -- START ACTION REGISTRY -- #
action_list.append(("archive_actions", ACTION_TYPE.BULK.value, STATUS.PROD.value))
# -- END ACTION REGISTRY -- #

initial_registry: dict[str, Any] = {"resource": "actionevent", "basepath": "", "actions": {}}
ACTIONS = enrich_actions(Path(__file__).parent, initial_registry, action_list)
