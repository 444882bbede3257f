from __future__ import annotations

from actions.mixins import ActionMixin
from actions.models import EventAction
from rest_framework import routers, serializers, viewsets

from example_app.actions.action_registry import ACTIONS
from example_app.models import Todo


class TodoSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = ("id", "title", "status")


class TodoViewSet(ActionMixin, viewsets.ModelViewSet):
    queryset = Todo.objects.filter(hidden=False)
    serializer_class = TodoSerializer
    action_registry = ACTIONS


class EventActionSerializer(serializers.ModelSerializer):
    class Meta:
        model = EventAction
        fields = ("action_id", "object_id", "status_code", "request_data", "complete")


class EventActionViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = EventAction.objects.all()
    serializer_class = EventActionSerializer


router = routers.DefaultRouter()
router.register(r"todos", TodoViewSet)
router.register(r"events", EventActionViewSet)
