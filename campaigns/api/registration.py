"""`/api/profiles/PERSON/messages/`."""

from campaigns.api import serializers as shapes
from campaigns.api.messages import profile_messages
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.serializers import pages_of
from profiles.api.subroutes import SUBROUTES, Subroute

SUBROUTES.register("messages")(
    Subroute(
        profile_messages,
        permission="messages.view",
        schema={
            "parameters": PAGE_PARAMETERS,
            "responses": pages_of(shapes.MessageAnswer),
        },
    )
)
