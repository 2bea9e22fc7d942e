"""Fields of a profile's answer that higher apps fill: `segments`, `computed`, `scores`."""

from collections.abc import Callable, Sequence
from typing import Any

from config.workspace.registry import Registry
from profiles.selectors.masking import Shown

# name -> function(profile_ids, as whom) -> {profile_id: value}; for all profiles of a page at once
PROFILE_FIELDS: Registry[Callable[[Sequence[int], Shown], dict[int, Any]]] = Registry(
    "profile fields"
)
# what the answer holds where nobody signed in, or nothing is known of a person
EMPTY: dict[str, Any] = {"segments": [], "computed": {}, "scores": {}}


def extra_fields(profile_ids: Sequence[int], shown: Shown) -> dict[int, dict[str, Any]]:
    """The further fields of each profile, as many queries as functions signed in."""
    answers = {profile_id: {**EMPTY} for profile_id in profile_ids}
    for name, function in PROFILE_FIELDS:
        found = function(profile_ids, shown)
        for profile_id, values in answers.items():
            values[name] = found.get(profile_id, EMPTY.get(name))
    return answers
