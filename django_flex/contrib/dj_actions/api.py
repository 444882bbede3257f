"""The log of actions as an API of REST framework, for staff, with ``archive_actions``."""

from __future__ import annotations

from rest_framework import permissions, routers, serializers, viewsets

from django_flex.actions.models import ActionEvent
from django_flex.contrib.dj_actions.actions.action_registry import ACTIONS
from django_flex.contrib.dj_actions.mixins import ActionMixin


class ActionEventSerializer(serializers.ModelSerializer[ActionEvent]):
    """All columns of the log except the state of the queue."""

    class Meta:
        model = ActionEvent
        exclude = ("call", "targets")


class ActionEventViewSet(ActionMixin, viewsets.ReadOnlyModelViewSet[ActionEvent]):
    """The log, read-only and for staff; in dj-actions everybody may change and delete it."""

    queryset = ActionEvent.objects.all()
    serializer_class = ActionEventSerializer
    permission_classes = (permissions.IsAdminUser,)
    action_registry = ACTIONS


router = routers.DefaultRouter()
router.register(r"actionevents", ActionEventViewSet)
