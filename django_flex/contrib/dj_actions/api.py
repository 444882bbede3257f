"""The log of actions as an API of REST framework, for staff, with ``archive_actions``."""

from __future__ import annotations

from rest_framework import permissions, routers, serializers, viewsets

from django_flex.actions.actions.action_registry import ACTIONS
from django_flex.actions.models import ActionEvent
from django_flex.contrib.dj_actions.views import ActionMixin


class ActionEventSerializer(serializers.ModelSerializer[ActionEvent]):
    """Everything about a run but what a run in the background goes on with."""

    class Meta:
        model = ActionEvent
        exclude = ("call", "targets")


class ActionEventViewSet(ActionMixin, viewsets.ReadOnlyModelViewSet[ActionEvent]):
    """The log: dj-actions lets everybody read, change and delete it; here staff reads it."""

    queryset = ActionEvent.objects.all()
    serializer_class = ActionEventSerializer
    permission_classes = (permissions.IsAdminUser,)
    action_registry = ACTIONS


router = routers.DefaultRouter()
router.register(r"actionevents", ActionEventViewSet)
