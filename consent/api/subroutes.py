"""What stands under a person's address in the API."""

from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.pagination import listed
from consent.api.serializers import OwnLimitsSerializer, PermissionsSerializer
from consent.api.views import AS_OF, permissions_of
from consent.volume import limits_of_person
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.subroutes import SUBROUTES, Subroute
from profiles.models import Profile
from profiles.selectors.masking import shown_to


def consents_of(request: Request, profile: Profile) -> Response:
    """The permissions of this person as they stand, or stood at `as_of`."""
    return permissions_of(request, profile, shown_to(request.user))


SUBROUTES.register("consents")(
    Subroute(
        consents_of,
        permission="consents.view",
        schema={"parameters": [*PAGE_PARAMETERS, AS_OF], "responses": PermissionsSerializer},
    )
)


def limits_of(request: Request, profile: Profile) -> Response:
    """How often this person wants to be written to at most, by channel."""
    found = limits_of_person(profile.pk)
    return listed(
        request,
        [
            {"channel": channel, "count": one.count, "per_days": one.per_days}
            for channel, one in found.items()
        ],
        "channel",
    )


SUBROUTES.register("contact-limits")(
    Subroute(
        limits_of,
        permission="consents.view",
        schema={"parameters": PAGE_PARAMETERS, "responses": OwnLimitsSerializer},
    )
)
