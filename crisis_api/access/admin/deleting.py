"""Taking a row away, for the few nouns whose services do that."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseRedirect

from crisis_api.access.admin import problems
from crisis_api.access.admin.scope import caller_of
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Problem


class Deleting:
    """Deletes by the service, which may refuse; nothing else is deleted with it by the admin."""

    def delete_view(
        self: Any, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> Any:
        """Ask once more, then call the service."""
        try:
            return self._delete_view(request, object_id, extra_context)
        except (Problem, IntegrityError) as error:
            text = problems.text_of(problems.problem_of(error))
        self.message_user(request, text, messages.ERROR)
        return HttpResponseRedirect(self.page_of(self.model(pk=object_id)))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Call the service."""
        self.delete(obj, by=caller_of(request).actor)

    def delete(self, row: Any, *, by: Actor) -> None:
        """Take the row away by its service."""
        raise PermissionError

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the row alone: what goes with it is the service's to know."""
        return [str(each) for each in objs], {}, set(), []
