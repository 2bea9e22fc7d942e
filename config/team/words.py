"""Roles in words: what each permission lets somebody do, and what a role sees of people."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.workspace.permissions import PERMISSIONS, Rights
from config.workspace.roles.sight import MASKED, WHOLE, DataKind, Level, RoleSight

Words = str | Promise
# groups of permissions, by the first part of their names, in the order of the form
GROUPS: dict[str, tuple[Words, tuple[str, ...]]] = {
    "people": (gettext_lazy("People and what they do"), ("people", "events")),
    "audiences": (gettext_lazy("Segments and campaigns"), ("segments", "campaigns", "messages")),
    "privacy": (
        gettext_lazy("Permissions and privacy"),
        ("consents", "purposes", "policies", "suppressions", "privacy", "audit"),
    ),
    "settings": (gettext_lazy("Settings"), ("sources", "webhooks", "settings", "team")),
}
# what it lets one see and do, beside its name
MORE: dict[str, Words] = {
    "people.view": gettext_lazy(
        "The list of people, their pages and timelines, figures of growth."
    ),
    "people.edit": gettext_lazy("Choose which value of a trait holds, write notes."),
    "people.export": gettext_lazy("Take people out as a file, with what their role sees of them."),
    "people.merge": gettext_lazy("Join two people into one, and take them apart again."),
    "events.view": gettext_lazy("Live events as they come in, and calls that were refused."),
    "sources.view": gettext_lazy("Where data comes from, how much, and what was refused of it."),
    "sources.edit": gettext_lazy("Add a website or an app, renew its key, delete it."),
    "segments.view": gettext_lazy("Segments with their rules, sizes and members."),
    "segments.edit": gettext_lazy("Write rules and lists, archive them."),
    "campaigns.view": gettext_lazy("Campaigns, journeys and what came of them."),
    "campaigns.edit": gettext_lazy("Write drafts, choose who gets them, send oneself a test."),
    "campaigns.launch": gettext_lazy("Mail people: launch, pause, go on, cancel."),
    "messages.view": gettext_lazy("Every message, and why one was not sent."),
    "messages.send": gettext_lazy("One message to one person; marketing asks their permission."),
    "messages.transactional": gettext_lazy("As an order's confirmation, also after a withdrawal."),
    "consents.view": gettext_lazy("What each person permitted, when and where they said so."),
    "consents.edit": gettext_lazy("Write down what a person said by phone or on paper."),
    "suppressions.view": gettext_lazy("Addresses that nothing is sent to, and why."),
    "suppressions.edit": gettext_lazy("Block an address, or let it be written to again."),
    "purposes.edit": gettext_lazy("What permission is asked for, and in which words."),
    "policies.edit": gettext_lazy("What the law of each country asks before one may write."),
    "privacy.view": gettext_lazy("Requests for access or erasure, the data map, incidents."),
    "privacy.edit": gettext_lazy("Carry requests out, erasures too; retention and tags of data."),
    "audit.view": gettext_lazy("Who saw and changed what, and when."),
    "settings.view": gettext_lazy("How this installation is set up."),
    "settings.edit": gettext_lazy(
        "Workspace, limits, quiet hours, exchange rates, names of events."
    ),
    "team.edit": gettext_lazy(
        "Invite people, change their roles, make roles and API keys: none that may more than"
        " oneself."
    ),
    "webhooks.view": gettext_lazy("Which addresses are told of what, and how it went."),
    "webhooks.edit": gettext_lazy("Choose which addresses are told of people and their erasure."),
}
KINDS: dict[DataKind, tuple[Words, Words]] = {
    DataKind.NAME: (gettext_lazy("Names"), gettext_lazy("Maya Sari as M. S.")),
    DataKind.EMAIL: (gettext_lazy("Email addresses"), gettext_lazy("as m***@gmail.com")),
    DataKind.PHONE: (gettext_lazy("Phone numbers"), gettext_lazy("as +62 ••• 04")),
    DataKind.ADDRESS: (
        gettext_lazy("Addresses and places"),
        gettext_lazy("Street, postcode, coordinates, IP address."),
    ),
    DataKind.OTHER: (
        gettext_lazy("Other traits and ids"),
        gettext_lazy("All that is personal, or not known to be harmless."),
    ),
    DataKind.EVENTS: (
        gettext_lazy("Details of events"),
        gettext_lazy("Properties that are personal, or not known to be harmless."),
    ),
    DataKind.TEXT: (
        gettext_lazy("Words of their own"),
        gettext_lazy("Comments, notes, what they wrote to a privacy request."),
    ),
    DataKind.GUARDED: (
        gettext_lazy("Special-category and child data"),
        gettext_lazy("As the data map tags it, whatever else it is."),
    ),
}
LEVELS: dict[Level, Words] = {
    Level.SHOWN: gettext_lazy("shown"),
    Level.MASKED: gettext_lazy("masked"),
    Level.HIDDEN: gettext_lazy("hidden"),
}
WHOLE_VIEW, OWN_VIEW = "whole", "own"
_BUT_GUARDED = {
    kind: Level.HIDDEN if kind is DataKind.GUARDED else Level.SHOWN for kind in DataKind
}
_NAMES = {DataKind.NAME: Level.SHOWN, DataKind.GUARDED: Level.HIDDEN}
# ready-made views of people: words, what they mean, and the sight
VIEWS: dict[str, tuple[Words, Words, RoleSight]] = {
    WHOLE_VIEW: (
        gettext_lazy("Everything"),
        gettext_lazy("Archives of people, previews of mails as a person and the mailbox too."),
        WHOLE,
    ),
    "but_guarded": (
        gettext_lazy("Everything but special-category and child data"),
        gettext_lazy("What the data map tags so is hidden, and cannot be asked by."),
        RoleSight(kinds=_BUT_GUARDED),
    ),
    "names": (
        gettext_lazy("Names, and no addresses"),
        gettext_lazy("Mail, phone and the rest are masked, special-category data is hidden."),
        RoleSight(kinds=_NAMES),
    ),
    "masked": (
        gettext_lazy("Masked"),
        gettext_lazy("Initials and shortened addresses; figures and harmless values whole."),
        MASKED,
    ),
}


def groups_of(permissions: set[str]) -> list[tuple[Words, list[tuple[str, Words, Words, bool]]]]:
    """The permissions by group: name, words, what it lets one do, and whether it is among them.

    What is seen of people is not among them: that is a choice of its own.
    """
    return [
        (
            title,
            [
                (name, name_of(name), MORE[name], name in permissions)
                for name in PERMISSIONS
                if name.partition(".")[0] in parts and name in MORE
            ],
        )
        for title, parts in GROUPS.values()
    ]


def name_of(permission: str) -> Words:
    """As the form calls it; of people what is seen is said apart."""
    return gettext_lazy("See people") if permission == "people.view" else PERMISSIONS[permission]


def view_of(sight: RoleSight) -> str:
    """Which ready-made view it is; OWN_VIEW where it is none."""
    if sight.is_whole:
        return WHOLE_VIEW
    same = (name for name, (_w, _m, one) in VIEWS.items() if _is_same(one, sight))
    return next(same, OWN_VIEW)


def _is_same(one: RoleSight, other: RoleSight) -> bool:
    return not one.is_whole and one.as_json() == other.as_json()


def sight_in_words(rights: Rights) -> str:
    """What a role sees of people, on one line."""
    if "people.view" not in rights.permissions:
        return _("No people")
    view = view_of(rights.sight)
    if view in VIEWS:
        return str(VIEWS[view][0])
    parts = []
    for level, words in (
        (Level.SHOWN, _("Shown: %(what)s.")),
        (Level.HIDDEN, _("Hidden: %(what)s.")),
    ):
        named = [str(KINDS[kind][0]) for kind in DataKind if rights.sight.of_kinds([kind]) is level]
        single = [one for one in rights.sight.fields.values() if one is level]
        if single:
            words_of = ngettext("%(n)s field by name", "%(n)s fields by name", len(single))
            named.append(words_of % {"n": len(single)})
        if named:
            parts.append(words % {"what": ", ".join(named)})
    return " ".join(parts) or str(VIEWS["masked"][0])
