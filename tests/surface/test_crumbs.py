"""Every page says that it is where the menu has it, under the name that the menu gives it."""

import re
from html import unescape

import pytest
from django.apps import apps
from django.test import Client

from config.workspace.models import Role, User
from profiles.models import DataWarning, FieldTag
from tests.api.world import World, make_world
from tests.cast import make_source, make_user
from tests.surface.routes import address, routes
from tests.surface.test_hostile_parameters import known

pytestmark = pytest.mark.django_db
NAV = re.compile(r'<nav class="sh-groups".*?</nav>', re.DOTALL)
GROUP = re.compile(r'<div class="sh-group">\s*(?:<h2>(.*?)</h2>)?(.*?)</ul>', re.DOTALL)
ITEM = re.compile(r'<a href="([^"]*)"([^>]*)>\s*<svg.*?</svg>([^<]*).*?</a>', re.DOTALL)
TABS = re.compile(r'<nav class="sh-tabs".*?</nav>', re.DOTALL)
ON = re.compile(r'aria-current="page">([^<]*)</a>')
CRUMBS = re.compile(r'<nav class="sh-crumbs".*?</nav>', re.DOTALL)
CRUMB = re.compile(r"<(a|span|h1)[^>]*>([^<]+)</\1>")
WITHOUT_MENU = (
    "/console/password_change/",
    "/console/password_change/done/",
    "/console/jsi18n/",
    "/console/logout/",
)


def menu_place(page: str) -> tuple[str, str, str]:
    """Group, link and title of the item that the menu marks."""
    for group, items in GROUP.findall(NAV.findall(page)[0]):
        for link, attributes, title in ITEM.findall(items):
            if 'aria-current="page"' in attributes:
                return group, link, title.strip()
    return "", "", ""


def crumbs(page: str) -> list[str]:
    found = (unescape(text).strip() for _tag, text in CRUMB.findall(CRUMBS.findall(page)[0]))
    return [text for text in found if text != "/"]


def pages(client: Client, world: World, boss: User):
    for route in routes():
        values = known(world, route) | {"here": "who", "user_id": str(boss.pk)}
        if "object_id" in route and not route.startswith("console/r/"):
            app, model = route.removeprefix("console/").split("/")[:2]
            row = apps.get_model(app, model).objects.order_by("pk").first()
            values["object_id"] = str(row.pk) if row else "1"
        path = address(route, values)
        if (
            not path.startswith("/console/")
            or path in WITHOUT_MENU
            or path.startswith("/console/security/")
            or "app_label" in route
        ):
            continue
        answer = client.get(path)
        if answer.status_code == 200 and b"sh-crumbs" in answer.content:
            yield path, answer.content.decode()


def test_crumbs_name_the_group_and_the_item_of_the_menu(client):
    world = make_world()
    boss = make_user(Role.ADMIN)
    FieldTag.objects.create(place="trait", name="plan", is_personal=False)
    source = make_source()
    DataWarning.objects.create(
        source=source, code="unknown_currency", first_seen=source.created_at,
        last_seen=source.created_at,
    )  # fmt: skip
    client.force_login(boss)
    wrong, seen, doors = [], set(), set()
    for path, page in pages(client, world, boss):
        group, link, title = menu_place(page)
        trail = crumbs(page)
        seen.add(group)
        if not link:
            wrong.append((path, "no item of the menu", trail))
        elif group and trail[0] != unescape(group):
            wrong.append((path, group, trail))
        elif group and path == link and trail[1:2] != [unescape(title)]:
            wrong.append((path, title, trail))
        tabs = TABS.findall(page)
        if tabs and not (ON.findall(tabs[0]) == trail[-1:] and trail[1] == unescape(title)):
            wrong.append((path, tabs, trail))
        doors |= {unescape(title)} if tabs else set()
    assert wrong == []
    assert doors == {"Permissions", "Purposes", "Laws", "Data we hold"}
    assert {"", "Customers", "Audiences", "Engage", "Privacy", "Settings"} <= seen
