"""The demo's team: one of each role, with a password made up on this machine and printed."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from config.demo.state import DemoState, remember
from config.workspace import audit
from config.workspace.models import Role, User


class Member(NamedTuple):
    """Somebody of the team."""

    username: str
    first_name: str
    last_name: str
    role: str


TEAM = (
    Member("admin", "Jonas", "Weber", Role.ADMIN),
    Member("marketer", "Ines", "Duarte", Role.MARKETER),
    Member("analyst", "Mei", "Tanaka", Role.ANALYST),
    Member("privacy", "Amara", "Okafor", Role.PRIVACY_OFFICER),
    Member("service", "Tomás", "Rivera", Role.SERVICE_REP),
    Member("integrator", "Priya", "Nair", Role.INTEGRATOR),
)


def password() -> str:
    """The team's password; made when first asked for, kept in VAR_DIR for its owner alone."""
    path = Path(settings.VAR_DIR) / "demo_password.txt"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"cairnway-{secrets.token_hex(4)}")
        return path.read_text()


@transaction.atomic
def ensure_team(state: DemoState) -> None:
    """Make those who are missing. A name that somebody else has is left to them."""
    there = set(User.objects.filter(pk__in=state.users).values_list("role", flat=True))
    missing = [member for member in TEAM if member.role not in there]
    if not missing:
        return
    hashed = make_password(password())
    for member in missing:
        user = User(
            username=_free(member.username),
            first_name=member.first_name,
            last_name=member.last_name,
            email=f"{member.username}@cairnway.example",
            role=member.role,
            is_superuser=member.role == Role.ADMIN,
            password=hashed,
        )
        user.save()
        state.users.append(user.pk)
        audit.record("user.created", "user", str(user.pk), fields=["username", "role"])
    remember(state, "users")


def _free(username: str) -> str:
    taken = User.objects.filter(username=username).exists()
    return f"demo-{username}" if taken else username


def members(state: DemoState) -> list[User]:
    """The demo's users that are still there and may log in, admin first. One query."""
    found = User.objects.filter(pk__in=state.users, is_active=True)
    order = {member.role: place for place, member in enumerate(TEAM)}
    return sorted(found, key=lambda user: order.get(user.role, len(TEAM)))


def words(state: DemoState, url: str) -> list[str]:
    """What is printed when the server answers: who to log in as, and where the shop is."""
    users = members(state)
    if not users:
        return []
    first, others = users[0], ", ".join(user.username for user in users[1:])
    return [
        f"Log in as {first.username} with the password {password()}",
        f"  (the same for: {others})",
        f"The demo shop: {url}/demo/shop/",
    ]
