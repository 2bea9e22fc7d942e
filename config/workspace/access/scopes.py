"""The scopes of API keys in words. A test walks them all."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.workspace.permissions import ALL_SCOPES, PERMISSIONS

SHOWN = 3  # of a key in a list; the others are counted
# what a scope that names a group holds: all of it, and what joins the group later
GROUPS: dict[str, str | Promise] = {
    "people": gettext_lazy("People"),
    "events": gettext_lazy("Events"),
    "sources": gettext_lazy("Sources"),
    "segments": gettext_lazy("Segments"),
    "campaigns": gettext_lazy("Campaigns"),
    "messages": gettext_lazy("Messages"),
    "consents": gettext_lazy("Permissions"),
    "suppressions": gettext_lazy("Suppressions"),
    "purposes": gettext_lazy("Purposes"),
    "policies": gettext_lazy("Policy table"),
    "privacy": gettext_lazy("Privacy requests"),
    "audit": gettext_lazy("Audit trail"),
    "settings": gettext_lazy("Settings"),
    "team": gettext_lazy("Team"),
    "webhooks": gettext_lazy("Webhooks"),
}


def scope_in_words(scope: str) -> str:
    """What a key with it may do."""
    if scope == ALL_SCOPES:
        return _("Everything")
    if scope in GROUPS:
        return _("%(group)s: everything") % {"group": GROUPS[scope]}
    return str(PERMISSIONS.get(scope, scope))


def scopes_in_words(scopes: Iterable[str]) -> str:
    """Those of one key, the first few by their words."""
    words = [scope_in_words(scope) for scope in scopes]
    left = len(words) - SHOWN
    if left <= 0:
        return ", ".join(words)
    more = ngettext("and %(n)d more", "and %(n)d more", left) % {"n": left}
    return f"{', '.join(words[:SHOWN])} {more}"


def scope_choices(known: Iterable[str]) -> list[tuple[str, list[tuple[str, SafeString]]]]:
    """These as a form offers them: by group, each with its word for programs beside it."""
    groups: dict[str, list[tuple[str, SafeString]]] = {}
    for scope in known:
        group = scope.partition(".")[0]
        title = str(GROUPS.get(group, _("Everything")))
        groups.setdefault(title, []).append((scope, _label(scope)))
    return list(groups.items())


def _label(scope: str) -> SafeString:
    said = '<span>{}</span> <code class="r-xs r-sub">{}</code>'
    return format_html(said, scope_in_words(scope), scope)
