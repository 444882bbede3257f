from __future__ import annotations

from actions.fields import CommaSeparatedCharField
from actions.forms.mixins import ActionFormMixin
from django import forms

from example_app.models import Todo


class BulkMarkDoneForm(ActionFormMixin, forms.Form):
    action_id = "todo:bulk_mark_done"
    todos = CommaSeparatedCharField(max_length=10)
    tags = forms.MultipleChoiceField(choices=[("a", "a"), ("b", "b")], required=False)

    @classmethod
    def get_form(cls, view, request, pk, instance=None):
        form = cls(request.data)
        form.view = view
        return form

    def save(self, request, pk=None):
        # The rows that the viewset lets the caller see, in place of all there are.
        todos = self.get_queryset().filter(pk__in=self.cleaned_data["todos"])
        keys = [todo.pk for todo in todos]
        Todo.objects.filter(pk__in=keys).update(status="C")
        return {"count": len(keys), "tags": self.cleaned_data["tags"]}, todos.order_by("pk")
