"""Content of a step: compiled once, shown with the data of real people."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.db import connection

from campaigns.content.errors import ContentError
from campaigns.content.kinds import content_kind
from campaigns.content.names import person_names
from campaigns.content.render import Compiled, MessageUrls, Rendered
from campaigns.content.sandbox.calls import render
from campaigns.models import Campaign, CampaignVersion, ContentVersion, Sender
from campaigns.plan import messages_in, plan_of, purpose_slug
from config.workspace.selectors import workspace
from consent.models import Purpose
from profiles.models import Profile
from segments.insight.computed.reading import with_computed

SAMPLE_URL = "https://example.com/"
EDITED = "email"  # the channel that the console's editor writes for
__all__ = [
    "ContentError",
    "compile_step",
    "freeze_contents",
    "person_data",
    "preview",
    "sender_data",
]


def compile_step(content: Mapping[str, Any], *, purpose_class: str = "marketing") -> Compiled:
    """Check and prepare what the editor wrote. Raises ContentError."""
    return cast(Compiled, content_kind(EDITED).compile(content, purpose_class=purpose_class))


def freeze_contents(version: CampaignVersion) -> list[ContentVersion]:
    """Compile every message step of a version, once and for ever."""
    rows = []
    for step in (node.step for node in messages_in(version.steps)):
        purpose = Purpose.objects.get(slug=purpose_slug(step))
        for variant in step.get("variants") or [{"name": "", "content": step["content"]}]:
            kind = content_kind(step["channel"])
            compiled = kind.compile(variant["content"], purpose_class=purpose.purpose_class)
            rows.append(
                ContentVersion(
                    version=version,
                    step=step["id"],
                    variant=variant["name"],
                    purpose=purpose,
                    channel=step["channel"],
                    tags=sorted(set(step.get("tags") or ())),
                    compiled=compiled.to_dict(),
                )
            )
    return ContentVersion.objects.bulk_create(rows)


_PEOPLE = """
SELECT p.id, p.public_id, p.display_name, p.locale, p.country, p.time_zone, p.lifecycle, p.traits
FROM profile p WHERE p.id = ANY(%s)
"""


def person_data(profile_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What a template may use of each person; two queries, three where traits are computed.

    Traits, computed ones too, by their own names (`{{ first_name }}`) and under `traits` and
    `customer`, profile columns under `profile`.
    """
    import json  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [list(profile_ids)])
        rows = cursor.fetchall()
    found = {}
    own = {row[0]: json.loads(row[7]) if isinstance(row[7], str) else row[7] for row in rows}
    with_computed(own)
    for number, public_id, name, locale, country, zone, lifecycle, _traits in rows:
        profile = {
            "id": str(public_id),
            "name": name,
            "locale": locale,
            "country": country,
            "time_zone": zone,
            "lifecycle": lifecycle,
        }
        found[number] = person_names(own[number], name, profile)
    return found


def sender_data(sender: Sender | None) -> dict[str, Any]:
    """What a template may use of the sender and the workspace."""
    return {
        "postal_address": sender.postal_address if sender else "",
        "sender": {"name": sender.name, "address": sender.address} if sender else {},
        "workspace": {"name": workspace().name, "time_zone": workspace().time_zone},
    }


def preview(campaign: Campaign, profile: Profile, *, variant: str = "") -> Rendered:
    """The campaign's mail as this person would get it, with links that lead nowhere.

    Of the draft as it stands, or of what was launched. Raises ContentError.
    """
    step = plan_of(campaign).step
    choices = {v["name"]: v["content"] for v in step.get("variants") or []}
    content = choices.get(variant) or next(iter(choices.values()), None) or step["content"]
    purpose = Purpose.objects.get(slug=purpose_slug(step))
    compiled = compile_step(content, purpose_class=purpose.purpose_class)
    data = person_data([profile.pk])[profile.pk] | sender_data(campaign.sender)
    urls = MessageUrls(SAMPLE_URL, SAMPLE_URL, SAMPLE_URL, campaign=campaign.slug)
    return render(compiled, data=data, urls=urls)[0]
