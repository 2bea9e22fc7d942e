"""What a list of the admin may be narrowed by: its own filters, and nothing that a query makes up.

Django lets a query string ask about any column of the model (`?name__regex=`, `?digest__gt=`): an
oracle for what a role is not shown, patterns that nobody checks, and values that no column takes.
"""

from typing import Any

from django.http import HttpRequest

from config.workspace.forms.listed import ListedAdmin

ASKED = {"id", "exact", "isnull"}  # behind the name, by the links of Django's filters


class OnlyItsFilters(ListedAdmin):
    """Whatever else is asked is a 400, as Django answers a lookup that is not allowed."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Of what `list_filter` names, as its links ask. No query."""
        name, *rest = lookup.split("__")
        filters = self.get_list_filter(request)
        names = {getattr(one, "parameter_name", None) or str(one) for one in filters}
        return name in names and ASKED.issuperset(rest)


class LookedUp(ListedAdmin):
    """What is shown of the rows of a page from elsewhere is looked up for all of them at once."""

    def look_up(self, request: HttpRequest, rows: list[Any]) -> None:
        """Put it on the rows. The number of queries does not depend on how many they are."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The page, read once: what is put on its rows stays on them."""
        changelist: Any = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        self.look_up(request, changelist.result_list)
        return changelist


class ReadOnly:
    """For rows that the system alone writes, and that stay as they are."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody does."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody does."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody does."""
        return False
