"""Who has a role: members, invitations, groups of providers, keys that see people as it does."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from config.workspace import audit
from config.workspace.models import AccessLink, ApiKey, IdentityProvider, User
from config.workspace.selectors import workspace
from config.workspace.stored import change_setting

SECOND_FACTOR = "second_factor_roles"


@dataclass(frozen=True)
class RoleHolders:
    """All who would be left without it."""

    members: list[User]
    invitations: int
    providers: list[str]
    keys: list[str]

    @property
    def is_any(self) -> bool:
        """Whether anybody has it, or is to get it."""
        return bool(self.members or self.invitations or self.providers)


def holders_of(role: str) -> RoleHolders:
    """Of this role; four queries."""
    keys = ApiKey.objects.filter(sight_role=role, revoked_at=None)
    return RoleHolders(
        list(User.objects.filter(role=role).order_by("-is_active", "first_name", "username")),
        _invited().filter(role=role).count(),
        [row.name for row in IdentityProvider.objects.all() if _is_mapped(row, role)],
        list(keys.values_list("name", flat=True)),
    )


def members_by_role() -> dict[str, int]:
    """How many active people have each. One query."""
    rows = User.objects.filter(is_active=True).values_list("role").annotate(n=Count("pk"))
    return dict(rows.order_by())


def move_holders(role: str, to: str) -> int:
    """Whoever has the role gets the other, and whoever was to get it; how many people.

    An entry of the trail each: a team has few.
    """
    moved = list(User.objects.select_for_update().filter(role=role).order_by("pk"))
    User.objects.filter(pk__in=[user.pk for user in moved]).update(role=to)
    for user in moved:
        detail = {"former": role, "role": to}
        audit.record("user.changed", "user", str(user.pk), fields=["role"], detail=detail)
    _invited().filter(role=role).update(role=to)
    for row in IdentityProvider.objects.select_for_update().order_by("pk"):
        if _is_mapped(row, role):
            row.mapping = [[group, to if one == role else one] for group, one in row.mapping]
            row.default_role = to if row.default_role == role else row.default_role
            row.save(update_fields=["mapping", "default_role"])
            audit.record("identityprovider.changed", "identityprovider", str(row.pk))
    if role in workspace().setting(SECOND_FACTOR, []):
        change_setting(SECOND_FACTOR, lambda said: [one for one in said or [] if one != role])
    return len(moved)


def _invited() -> QuerySet[AccessLink]:
    open_ones = Q(kind=AccessLink.Kind.INVITATION, used_at=None, revoked_at=None)
    return AccessLink.objects.filter(open_ones)


def _is_mapped(row: IdentityProvider, role: str) -> bool:
    return row.default_role == role or any(one == role for _group, one in row.mapping)
