"""Purposes and topics as what is used; who of this app uses them."""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.workspace.lifecycle.usage import KINDS, USES, ObjectKind, Use, form_of
from consent.models import ConsentEntry, Purpose, Topic


def _topic_is_archived(topic: Topic) -> bool:
    return topic.archived_at is not None or topic.purpose.archived_at is not None


KINDS.register("purpose", order=20)(
    ObjectKind(gettext_lazy("Purpose"), Purpose, "slug", form_of),
)
KINDS.register("topic", order=30)(
    ObjectKind(gettext_lazy("Topic"), Topic, "slug", form_of, _topic_is_archived),
)


@USES.register("consent", order=30)
def uses(kind: str, keys: Collection[str]) -> Iterator[tuple[str, Use]]:
    """The ready-made stay; topics keep their purpose, the ledger keeps both."""
    if kind == "purpose":
        for purpose in Purpose.objects.filter(slug__in=keys).prefetch_related("topics"):
            yield from ((purpose.slug, use) for use in _uses_of(purpose))
    elif kind == "topic":
        for topic in Topic.objects.filter(slug__in=keys):
            if ConsentEntry.objects.filter(topic=topic).exists():
                yield topic.slug, _ledger()


def _uses_of(purpose: Purpose) -> Iterator[Use]:
    if purpose.is_ready_made:
        yield Use("built_in", _("Rapport itself"), _("ready-made"), binds=True)
    for topic in purpose.topics.all():
        yield Use("topic", topic.name, _("topic inside it"), form_of(topic))
    if ConsentEntry.objects.filter(purpose=purpose).exists():
        yield _ledger()


def _ledger() -> Use:
    return Use("permissions", _("permissions on record"), "")
