"""The names that a mail is written with, and who may give them a value.

A trait may be called anything, and any web form sets one. So the names that the renderer gives
(`RESERVED`) are never read from a person's traits at the top level, whether or not this very mail
gives them: `{{ unsubscribe_label | default: "Unsubscribe" }}` says what the marketer wrote. A trait
of such a name is still there as `traits.unsubscribe_label`.
"""

from collections.abc import Mapping
from typing import Any, Final

from campaigns.content.compiling.html import OWN_LINKS

# who the mail is about; each holds the traits, but for `profile`, which holds the columns
PERSON: Final = ("traits", "person", "customer", "profile")
RESERVED: Final = frozenset(
    {
        *OWN_LINKS,
        *PERSON,
        *("postal_address", "unsubscribe_label", "preferences_label"),  # of the footer
        *("sender", "workspace", "campaign"),
        *("now", "today", "forloop", "tablerowloop", "block"),  # the renderer's own
    }
)


def person_names(
    traits: Mapping[str, Any], name: str, profile: Mapping[str, Any]
) -> dict[str, Any]:
    """What a template may use of a person: bare traits, and the namespaces, which win."""
    bare = {key: value for key, value in traits.items() if key not in RESERVED}
    return {
        **bare,
        "traits": traits,
        "person": traits,
        "customer": {**traits, "name": traits.get("name") or name},
        "profile": profile,
    }
