from __future__ import annotations

from actions.util import (
    ACTION_TYPE,
    STATUS,
    # get_action_docs,
    enrich_actions,
)

action_list = []
## -- START ACTION REGISTRY -- ##
action_list.append(("mark_done", ACTION_TYPE.INSTANCE.value, STATUS.ALPHA.value))
action_list.append(("bulk_mark_done", ACTION_TYPE.BULK.value, STATUS.ALPHA.value))
## -- END ACTION REGISTRY -- ##

# relative to the folder that the project starts in
base = "example_app/"

initial_registry = {"resource": "todo", "basepath": "/todos/", "actions": {}}
ACTIONS = enrich_actions(base, initial_registry, action_list)
