"""The theme of the console: colours, shape and navigation for django-unfold.

Imported by the settings, so nothing here may touch models when it is imported. An item of the
navigation shows only when the user may go there and one of its URL names exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.translation import gettext_lazy as _

COLOURS = {
    "primary": {
        "50": "#eef8fb",
        "100": "#d6eef5",
        "200": "#aedceb",
        "300": "#78c3da",
        "400": "#3fa3c1",
        "500": "#1f86a6",
        "600": "#0f6a88",
        "700": "#0d566f",
        "800": "#10475b",
        "900": "#123c4d",
        "950": "#082733",
    },
    "base": {
        "50": "#f7f8f8",
        "100": "#eff1f1",
        "200": "#e1e5e6",
        "300": "#cbd1d3",
        "400": "#98a1a5",
        "500": "#5f6a70",
        "600": "#4d575c",
        "700": "#384145",
        "800": "#262d30",
        "900": "#171c1e",
        "950": "#0e1213",
    },
}


@dataclass(frozen=True)
class Item:
    """One line of the navigation. `urls`: the first name that resolves is the link.

    `also`: where else pages of it lie, below the console's own address. `sections`: several pages
    behind one line, which leads to the first that the reader may open; they stand as tabs on each
    other. `waiting`: its name at `config.console.shell.waiting.WAITING`.
    """

    title: Any
    icon: str
    urls: Sequence[str] = ()
    permission: str | None = None
    only_demo_mail: bool = False
    also: Sequence[str] = ()
    sections: Sequence["Item"] = ()
    waiting: str = ""

    @property
    def pages(self) -> Sequence["Item"]:
        """What can be opened: the sections, or itself."""
        return self.sections or (self,)


@dataclass(frozen=True)
class NavigationGroup:
    """Items under one quiet heading; Home has none."""

    title: Any
    items: Sequence[Item]


GROUPS = (
    NavigationGroup("", [Item(_("Home"), "home", ["admin:index"])]),
    NavigationGroup(
        _("Customers"),
        [
            Item(_("People"), "users", ["profiles:people", "people"], "people.view"),
            Item(_("Likely duplicates"), "copy", ["profiles:duplicates"], "people.view"),
            Item(
                _("Live events"),
                "pulse",
                ["profiles:live", "live_events"],
                "events.view",
            ),
            Item(
                _("Sources"),
                "plug",
                ["admin:profiles_source_changelist"],
                "sources.view",
                also=["sources/"],
            ),
            Item(_("Imports"), "up", ["profiles:imports"], "people.view"),
        ],
    ),
    NavigationGroup(
        _("Audiences"),
        [
            Item(_("Segments"), "seg", ["segments:list", "segments"], "segments.view"),
            Item(_("Computed traits"), "sigma", ["segments:traits"], "segments.view"),
            Item(_("RFM grid"), "grid", ["segments:rfm"], "segments.view"),
            Item(_("Exports"), "download", ["segments:exports"], "people.export"),
        ],
    ),
    NavigationGroup(
        _("Engage"),
        [
            Item(
                _("Campaigns"),
                "send",
                ["campaigns:list", "campaigns"],
                "campaigns.view",
            ),
            Item(_("Journeys"), "route", ["campaigns:journeys"], "campaigns.view"),
            Item(_("Content"), "doc", ["campaigns:contents"], "campaigns.view"),
            Item(
                _("Messages"),
                "mail",
                ["campaigns:messages", "messages"],
                "messages.view",
            ),
            Item(
                _("Senders"),
                "pen",
                ["admin:campaigns_sender_changelist"],
                "campaigns.view",
            ),
        ],
    ),
    NavigationGroup(
        _("Privacy"),
        [
            Item(
                _("Requests"),
                "shield",
                ["consent:requests"],
                "privacy.view",
                waiting="requests",
            ),
            Item(
                _("Permissions"),
                "okc",
                sections=[
                    Item(_("Who allowed what"), "okc", ["consent:ledger"], "consents.view"),
                    Item(
                        _("Prove it"),
                        "shield",
                        ["campaigns:prove"],
                        "privacy.view",
                    ),
                    Item(
                        _("Suppressions"),
                        "ban",
                        ["admin:consent_suppression_changelist"],
                        "suppressions.view",
                    ),
                ],
            ),
            Item(
                _("Purposes"),
                "star",
                sections=[
                    Item(
                        _("Purposes"),
                        "star",
                        ["admin:consent_purpose_changelist"],
                        "consents.view",
                    ),
                    Item(
                        _("Topics"),
                        "list",
                        ["admin:consent_topic_changelist"],
                        "consents.view",
                    ),
                    Item(
                        _("Wordings"),
                        "note",
                        ["admin:consent_wording_changelist"],
                        "consents.view",
                    ),
                    Item(
                        _("Banner"),
                        "device",
                        ["consent:banners"],
                        "consents.view",
                    ),
                    Item(
                        _("Consent signals"),
                        "link",
                        ["admin:consent_signalmapping_changelist"],
                        "consents.view",
                    ),
                ],
            ),
            Item(
                _("Laws"),
                "list",
                sections=[
                    Item(_("Policy table"), "list", ["consent:policies"], "consents.view"),
                    Item(
                        _("Deadlines"),
                        "clock",
                        ["admin:consent_deadlinerule_changelist"],
                        "privacy.view",
                    ),
                    Item(
                        _("Kept by law"),
                        "shield",
                        ["admin:consent_erasureduty_changelist"],
                        "privacy.view",
                    ),
                    Item(
                        _("Clocks of incidents"),
                        "alert",
                        ["admin:consent_breachclock_changelist"],
                        "privacy.view",
                    ),
                ],
            ),
            Item(
                _("Data we hold"),
                "grid",
                sections=[
                    Item(_("Data map"), "grid", ["consent:data_map"], "privacy.view"),
                    Item(
                        _("Register of processing"),
                        "doc",
                        ["consent:register"],
                        "privacy.view",
                    ),
                    Item(_("Retention"), "clock", ["consent:retention"], "privacy.view"),
                    Item(
                        _("Usual names"),
                        "eye",
                        ["admin:profiles_usualname_changelist"],
                        "settings.view",
                    ),
                ],
            ),
            Item(
                _("Incidents"),
                "alert",
                ["consent:incidents"],
                "privacy.view",
                waiting="incidents",
            ),
            Item(
                _("Audit trail"),
                "note",
                ["workspace:audit", "admin:workspace_auditentry_changelist"],
                "audit.view",
            ),
        ],
    ),
    NavigationGroup(
        _("Settings"),
        [
            Item(_("Team"), "key", ["access:team"], "team.edit", also=["workspace/user/"]),
            Item(
                _("Single sign-on"),
                "link",
                ["admin:workspace_identityprovider_changelist"],
                "team.edit",
            ),
            Item(
                _("API keys"),
                "code",
                ["admin:workspace_apikey_changelist"],
                "team.edit",
            ),
            Item(_("Webhooks"), "link", ["webhooks:list"], "webhooks.view"),
            Item(
                _("Workspace"),
                "gear",
                ["workspace:settings", "admin:workspace_workspace_changelist"],
                "settings.view",
            ),
            Item(
                _("Event definitions"),
                "ticket",
                ["admin:profiles_eventdefinition_changelist"],
                "settings.view",
            ),
            Item(
                _("Trait names"),
                "doc",
                ["admin:profiles_traitname_changelist"],
                "settings.view",
            ),
            Item(
                _("Data warnings"),
                "note",
                ["admin:profiles_datawarning_changelist"],
                "settings.view",
            ),
            Item(
                _("Personal data"),
                "eye",
                ["admin:profiles_fieldtag_changelist"],
                "settings.view",
            ),
            Item(
                _("Exchange rates"),
                "lift",
                ["admin:profiles_exchangerate_changelist"],
                "settings.view",
            ),
            Item(
                _("Demo mailbox"),
                "inbox",
                ["console:mailbox", "mailbox"],
                "people.personal",
                True,
            ),
        ],
    ),
)


def resolve(names: Sequence[str], *args: Any) -> str:
    """The address of the first of `names` that exists, or ""."""
    if args:
        return _first(names, args)
    return _place(tuple(names), get_urlconf(), get_script_prefix())


@cache
def _place(names: tuple[str, ...], _urlconf: str | None, _prefix: str) -> str:
    """A menu asks for some two hundred of these at each page, and they stay where they are."""
    return _first(names, ())


def _first(names: Sequence[str], args: Sequence[Any]) -> str:
    for name in names:
        try:
            return reverse(name, args=args)
        except NoReverseMatch:
            continue
    return ""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar as this user may see them. No query beyond the user's own."""
    groups = [{"title": group.title, "items": _items(request, group)} for group in GROUPS]
    groups = [group for group in groups if group["items"]]
    pages = [page for group in groups for item in group["items"] for page in item["pages"]]
    here = _deepest(_listed(request.path), [page["link"] for page in pages])
    for group in groups:
        for item in group["items"]:
            item["active"] = here in [page["link"] for page in item["pages"]]
    return groups


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages behind the same line of the menu as this one, where there are several."""
    here = request.path
    for group in GROUPS:
        for item in group.items:
            pages = _shown(request, item) if item.sections else []
            if len(pages) > 1 and here in [page["link"] for page in pages]:
                return [page | {"active": page["link"] == here} for page in pages]
    return []


def door_of(address: str) -> Any:
    """The title of the line of the menu that the page at `address` is behind with others."""
    doors = {
        resolve(page.urls): item.title if item.sections else ""
        for group in GROUPS
        for item in group.items
        for page in item.pages
    }
    return doors.get(_deepest(_listed(address), [link for link in doors if link]), "")


def group_of(address: str) -> Any:
    """The title of the group in whose menu the page at `address` is; "" for Home and the like."""
    titles = {resolve(page.urls): group.title for group, page in _all_pages()}
    return titles.get(_deepest(_listed(address), [link for link in titles if link]), "")


def title_of(address: str) -> Any:
    """What the menu calls the page at exactly this address; "" where it is not in the menu."""
    titles = {resolve(page.urls): page.title for _group, page in _all_pages()}
    return titles.get(address, "")


def _all_pages() -> list[tuple[NavigationGroup, Item]]:
    return [(group, page) for group in GROUPS for item in group.items for page in item.pages]


def _items(request: HttpRequest, group: NavigationGroup) -> list[dict[str, Any]]:
    shown = []
    for item in group.items:
        pages = _shown(request, item)
        if pages:
            shown.append(
                {
                    "title": item.title,
                    "icon": item.icon,
                    "link": pages[0]["link"],
                    "pages": pages,
                    "waiting": _waiting(request, item.waiting) if item.waiting else None,
                }
            )
    return shown


def _waiting(request: HttpRequest, name: str) -> Any:
    from config.console.shell.waiting import waiting_for  # noqa: PLC0415

    return waiting_for(request.user, name)


def _shown(request: HttpRequest, item: Item) -> list[dict[str, Any]]:
    """What of it this user may open."""
    return [
        {"title": page.title, "icon": page.icon, "link": link}
        for page in item.pages
        if not (page.only_demo_mail and settings.EMAIL_URL)
        and (link := resolve(page.urls))
        and _may(request, page.permission)
    ]


def _listed(path: str) -> str:
    """The list that a page belongs to, where its own address does not say so."""
    home = resolve(["admin:index"])
    places = {f"{home}{place}": page for _group, page in _all_pages() for place in page.also}
    found = (resolve(page.urls) for place, page in places.items() if path.startswith(place))
    return next(found, path)


def _deepest(path: str, links: list[str]) -> str:
    """The longest link that `path` lies under; Home only when it is Home itself."""
    home = resolve(["admin:index"])
    under = [link for link in links if path == link or (link != home and path.startswith(link))]
    return max(under, key=len, default="")


def _may(request: HttpRequest, permission: str | None) -> bool:
    if permission is None:
        return True
    from config.workspace.permissions import may  # noqa: PLC0415

    return may(request.user, permission)


def _stylesheet(name: str) -> Any:
    return lambda request: static(name)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Rapport",
    "SITE_HEADER": "Rapport",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": False,  # our own menu at the foot of the sidebar
    "BORDER_RADIUS": "6px",
    "COLORS": COLOURS,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("favicon.svg"),
        }
    ],
    "STYLES": [_stylesheet("console.css"), _stylesheet("shell.css")],
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": navigation,
    },
    "COMMAND": {"search_models": False, "show_history": False},
}
