"""Who was chosen in the people list: rows by their ids, or all whom its address asks for."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from profiles.browsing.narrowing import narrowed
from profiles.browsing.orders import order_of
from profiles.identifiers.kinds import PROFILE_KIND
from profiles.models import IdentifierKey, Profile
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import Shown
from profiles.selectors.people import PAGE_SIZE

ALL = "1"


class NobodyChosen(ValueError):
    """Neither rows nor all."""


def chosen_people(posted: Any, shown: Shown, who: object) -> QuerySet[Profile]:
    """Of `person` (public ids, a page of them at most), or with `all` of the list at `query`: as
    many as the list counted, so by name those alone who have one.

    Whoever is merged or erased meanwhile is not among them. Raises NobodyChosen.
    """
    if posted.get("all") == ALL:
        asked = QueryDict(posted.get("query", ""))
        _key, order = order_of(asked, shown)
        return order.narrow(narrowed(asked, shown, who).people)
    ids = [str(found) for given in posted.getlist("person") if (found := as_uuid(given))]
    if not ids:
        raise NobodyChosen
    keys = IdentifierKey.objects.filter(kind=PROFILE_KIND, value__in=ids[: PAGE_SIZE * 2])
    return Profile.objects.living().filter(pk__in=keys.values("profile_id"))
