"""What stands between a draft and its launch: each problem with its remedy."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.composition.contents import (
    SAMPLE_URL,
    ContentError,
    person_data,
    sender_data,
)
from campaigns.composition.variables import unknown_names
from campaigns.content.errors import Abort
from campaigns.content.kinds import CONTENTS, ContentKind, PreparedContent
from campaigns.content.render import MessageUrls
from campaigns.content.words import in_words, said
from campaigns.models import Campaign
from campaigns.plan import Node, Step, messages_in, purpose_slug
from campaigns.services.coverage import Missing, coverage
from campaigns.services.shapes import InvalidCampaign, check_shape
from config.console.words import num, pct
from consent.models import Purpose
from segments.models import Membership, Segment

SAMPLE = 20  # people that the content is rendered for, the newest members


@dataclass(frozen=True)
class Check:
    """One problem. An `error` stands in the way of a launch, a `warning` does not."""

    code: str
    severity: str
    message: str
    remedy: str
    path: str = ""
    detail: str = ""


class NotReady(Exception):
    """The draft has errors. `checks` name them."""

    def __init__(self, checks: list[Check]) -> None:
        super().__init__("; ".join(check.message for check in checks))
        self.checks = checks


def check_campaign(campaign: Campaign) -> list[Check]:
    """All that is wrong with a draft, errors first. Renders for real people; writes nothing."""
    found = [*_shape(campaign), *_entry(campaign), *_steps(campaign)]
    return sorted(found, key=lambda check: check.severity != "error")


def audience_errors(campaign: Campaign) -> list[Check]:
    """What stands in the way of counting who a draft would reach; its words may be unwritten."""
    found = [*_shape(campaign), *_entry(campaign)]
    if not messages_in(campaign.steps):
        found.append(_no_steps())
    return errors_of(found)


def errors_of(checks: list[Check]) -> list[Check]:
    """Those that stand in the way."""
    return [check for check in checks if check.severity == "error"]


def _error(code: str, message: str, remedy: str, path: str = "") -> Check:
    return Check(code, "error", message, remedy, path)


def _shape(campaign: Campaign) -> Iterator[Check]:
    data = {
        name: getattr(campaign, name)
        for name in ("entry", "steps", "exit", "goal", "caps", "holdout")
    }
    try:
        check_shape(data)
    except InvalidCampaign as invalid:
        for one in invalid.errors:
            yield _error(one["code"], one["message"], _("Mend this field."), one["path"])


def _entry(campaign: Campaign) -> Iterator[Check]:
    if not campaign.entry:
        yield _error("no_entry", _("Nobody is chosen yet."), _("Choose a segment."), "entry")
        return
    segment = Segment.objects.filter(slug=campaign.entry.get("segment", "")).first()
    if segment is None:
        return
    if segment.status == Segment.Status.FAILED:
        words = _("The segment could not be refreshed.")
        yield _error("segment_failed", words, _("Open the segment and mend its rule."), "entry")
    members = Membership.objects.filter(segment=segment, left_at=None)
    if not members.exists():
        words = _("Nobody is in the segment now.")
        yield Check("segment_empty", "warning", words, _("Check the segment's rule."), "entry")


def _steps(campaign: Campaign) -> Iterator[Check]:
    found = messages_in(campaign.steps)
    if not found:
        yield _no_steps()
    told: set[Check] = set()  # of a sender once, whatever the number of messages
    for node in found:
        yield from (check for check in _message(campaign, node) if check not in told)
        told.update(_of_sender(campaign, node))


def _message(campaign: Campaign, node: Node) -> Iterator[Check]:
    step, kind = node.step, CONTENTS.get(str(node.step.get("channel")))
    if kind is None:  # said of its shape
        return
    purpose = _purpose_of(step)
    yield from _of_sender(campaign, node)
    variants = step.get("variants")
    if variants:
        for index, variant in enumerate(variants):
            path = f"{node.path}.variants[{index}].content"
            yield from _content(campaign, kind, variant.get("content") or {}, path, purpose)
    else:
        path = f"{node.path}.content"
        yield from _content(campaign, kind, step.get("content") or {}, path, purpose)


def _purpose_of(step: Step) -> Purpose | None:
    return Purpose.objects.filter(slug=purpose_slug(step)).first()


def _of_sender(campaign: Campaign, node: Node) -> list[Check]:
    kind, purpose = CONTENTS.get(str(node.step.get("channel"))), _purpose_of(node.step)
    if kind is None or not kind.needs_sender:
        return []
    marketing = purpose is None or purpose.purpose_class == Purpose.Class.MARKETING
    return list(_sender(campaign, marketing))


def skipping_permission(campaign: Campaign) -> list[Check]:
    """An error for each step whose purpose needs no permission."""
    found = messages_in(campaign.steps)
    slugs = [node.step.get("purpose") for node in found]
    named = Purpose.objects.filter(purpose_class=Purpose.Class.TRANSACTIONAL, slug__in=slugs)
    free = set(named.values_list("slug", flat=True))
    message = _("This purpose asks nobody's permission.")
    remedy = _("Ask a privacy officer or an admin to launch it, or send it as marketing.")
    return [
        _error("needs_officer", message, remedy, f"{node.path}.purpose")
        for node in found
        if node.step.get("purpose") in free
    ]


def _no_steps() -> Check:
    return _error("no_steps", _("There is no message yet."), _("Write the message."), "steps")


def _sender(campaign: Campaign, marketing: bool) -> Iterator[Check]:
    if campaign.sender is None:
        words = _("No sender is chosen and there is no default one.")
        yield _error("no_sender", words, _("Add a sender."), "sender")
    elif campaign.sender.archived_at is not None:
        words = _("The sender %(name)s is archived.") % {"name": campaign.sender.name}
        yield _error("sender_archived", words, _("Choose another, or restore it."), "sender")
    elif marketing and not campaign.sender.postal_address.strip():
        words = _("The sender has no postal address; the law asks for one in marketing mail.")
        yield _error("no_postal_address", words, _("Add it to the sender."), "sender")


def _content(
    campaign: Campaign,
    kind: ContentKind,
    content: dict[str, str],
    path: str,
    purpose: Purpose | None,
) -> Iterator[Check]:
    lacks = list(kind.lacks(content))
    for lack in lacks:
        yield _error(lack.code, lack.message, lack.remedy, f"{path}.{lack.part}".rstrip("."))
    if any(not lack.part for lack in lacks):  # there is nothing to read
        return
    purpose_class = purpose.purpose_class if purpose else "marketing"
    try:
        compiled = kind.compile(content, purpose_class=purpose_class)
    except ContentError as error:
        remedy = _("Mend the template at that line.") if error.line else _("Mend the template.")
        yield _error("content", said(error), remedy, _place(path, error))
        return
    for problem in compiled.problems:
        severity = "error" if problem["severity"] == "error" else "warning"
        words = in_words(str(problem["message"]))
        if problem["line"]:
            words = _("Line %(line)d: %(words)s") % {"line": problem["line"], "words": words}
        yield Check("content", severity, words, _("Mend the template there."), path)
    if compiled.usable:
        yield from _names(campaign, compiled, path)
        yield from _rendering(campaign, kind, compiled, path, purpose_class)


def _place(path: str, error: ContentError) -> str:
    return f"{path}.{error.part}" if error.part in ("subject", "text") else path


def _names(campaign: Campaign, compiled: PreparedContent, path: str) -> Iterator[Check]:
    """A name that nobody has is misspelt, unless a `default` stands in; then who lacks a value."""
    unknown = {one.written: one for one in unknown_names(compiled.bare)}
    for one in unknown.values():
        values = {"name": one.written, "near": one.nearest}
        if one.nearest:
            words = _("Nobody has a value called “%(name)s”. Did you mean “%(near)s”?") % values
        else:
            words = _("Nobody has a value called “%(name)s”.") % values
        remedy = _("Mend the name, or give it a default.")
        yield _error("unknown_variable", words, remedy, path)
    found = coverage(campaign, [name for name in compiled.variables if name not in unknown])
    for lack in found.missing:
        yield _missing(lack, compiled, path, is_part=found.is_part)


def _missing(lack: Missing, compiled: PreparedContent, path: str, *, is_part: bool) -> Check:
    of = _("%(name)s is missing for %(n)s of %(of)s who get this")
    if is_part:
        of = _("%(name)s is missing for %(n)s of the first %(of)s who get this")
    values = {"name": lack.name, "n": num(lack.without), "of": num(lack.of)}
    share = {"share": pct(lack.share)}
    bare = lack.name in compiled.bare
    text = _("%(share)s read nothing there.") if bare else _("%(share)s read your fallback.")
    return Check("missing", "warning", of % values, _("Give it a default."), path, text % share)


def _rendering(
    campaign: Campaign, kind: ContentKind, compiled: PreparedContent, path: str, purpose_class: str
) -> Iterator[Check]:
    """For real people: what fails, whether the way out can be seen."""
    people = person_data(_sample(campaign)) or {0: {}}
    fixed = sender_data(campaign.sender)
    everyone = [{**data, **fixed} for data in people.values()]
    try:
        found = kind.texts(compiled, everyone, urls=_URLS)
    except ContentError as error:
        found = [error]
    for one in found:
        if isinstance(one, Abort):
            continue
        if isinstance(one, Exception):
            yield _not_rendered(one, path)
            return
        if purpose_class == Purpose.Class.MARKETING and not _has_way_out(one):
            words = _("The mail shows no unsubscribe link.")
            yield _error("no_unsubscribe", words, _("Put {{ unsubscribe_url }} into it."), path)
            return


def _not_rendered(error: Exception, path: str) -> Check:
    if isinstance(error, ContentError):
        return _error("render", said(error), _("Mend the template."), _place(path, error))
    return _error("render", str(error), _("Mend the template, or give the value a default."), path)


_WAY_OUT = f"{SAMPLE_URL}unsubscribe"
_PREFERENCES = f"{SAMPLE_URL}preferences"
_URLS = MessageUrls(_WAY_OUT, _PREFERENCES, SAMPLE_URL)


def _has_way_out(texts: list[str]) -> bool:
    return all(_WAY_OUT in text or _PREFERENCES in text for text in texts)


def _sample(campaign: Campaign) -> list[int]:
    slug = (campaign.entry or {}).get("segment", "")
    members = Membership.objects.filter(segment__slug=slug, left_at=None)
    ids = members.order_by("-entered_at").values_list("profile_id", flat=True)
    return list(ids[:SAMPLE])
