"""A banner is saved: its looks, its words as a version, and what its categories decide on."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from config.workspace import audit
from consent.banner.texts import names_of
from consent.models import Banner, SignalMapping
from consent.signals.mappable import mappable_purposes
from consent.signals.mapping import CATEGORY
from consent.wordings import banner_key, say
from profiles.models import Source


@transaction.atomic
def save_banner(
    *,
    source: Source,
    purposes: Sequence[str],
    texts: Mapping[str, Mapping[str, str]],
    **looks: Any,
) -> Banner:
    """Make it or change it. `texts` by language; one that is left out keeps its newest wording.

    The source's categories of the banner's own names decide on what it asks about, and on nothing
    else: what a visitor is not asked about is nothing that they refused.
    """
    banner, _made = Banner.objects.update_or_create(
        source=source, defaults={"purposes": list(purposes), **looks}
    )
    for language, said in texts.items():
        say(banner_key(source.pk), language, {n: said.get(n, "") for n in names_of(purposes)})
    _map(source, purposes)
    audit.record("banner.changed", "banner", str(source.pk), fields=sorted(looks))
    return banner


def _map(source: Source, slugs: Sequence[str]) -> None:
    known = {purpose.slug: purpose for purpose in mappable_purposes()}
    rows = SignalMapping.objects.filter(source=source, signal=CATEGORY)
    rows.filter(name__in=known, purpose__in=known.values()).exclude(name__in=slugs).delete()
    for slug in slugs:
        SignalMapping.objects.get_or_create(
            source=source, signal=CATEGORY, name=slug, purpose=known[slug]
        )
