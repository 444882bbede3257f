from __future__ import annotations

from actions.forms.mixins import ActionFormMixin
from django import forms

from example_app.models import Todo


class MarkDoneForm(ActionFormMixin, forms.Form):
    """
    action_id: mark_done
    """

    action_id = "todo:mark_done"
    status = forms.ChoiceField(choices=[("C", "closed"), ("X", "broken")], help_text="C for closed")
    password = forms.CharField(required=False)

    def get_object(self, pk):
        return Todo.objects.get(pk=pk)

    def save(self, request, pk=None):
        todo = self.get_object(pk)
        todo.status = self.cleaned_data["status"]
        todo.save()
        if todo.status == "X":
            raise RuntimeError("half done")
        return {"by": request.user.pk}, todo
