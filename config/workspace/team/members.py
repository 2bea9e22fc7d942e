"""Changing what a member of the team works as, and whether they may come in at all."""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import CustomRole, Role, User
from config.workspace.permissions import ROLES, may_give, role_choices
from config.workspace.roles.custom import forget_roles
from config.workspace.sso.deciding import is_last_admin


class CannotChangeMember(ValueError):
    """Why not, in the reader's language: too much for whoever asks, else as it says."""

    def __init__(self, message: str, *, is_unknown: bool = False, is_last: bool = False) -> None:
        super().__init__(message)
        self.is_unknown, self.is_last = is_unknown, is_last


def refuse_change(member: User, *, by: object, role: str, is_active: bool) -> None:
    """Raise CannotChangeMember where this user or key may not make that of the member.

    `member` as it stands. Nobody changes who may more than they, or gives a role that may more;
    the last admin stays one, since nobody else could let others in.
    """
    if not may_give(by, member.role):
        raise CannotChangeMember(_("They may do more than you: an admin can change this."))
    if role != member.role and role not in dict(role_choices()):
        raise CannotChangeMember(_("There is no such role."), is_unknown=True)
    if role != member.role and not may_give(by, role):
        raise CannotChangeMember(_("This role may do more than yours."))
    if (role != Role.ADMIN or not is_active) and is_last_admin(member):
        words = _("The last admin stays one: make another admin first.")
        raise CannotChangeMember(words, is_last=True)


@transaction.atomic
def change_member(
    member: User, *, by: object, role: str | None = None, is_active: bool | None = None
) -> User:
    """From their next request on. Raises CannotChangeMember.

    Admins are locked with them: of two who take it from each other one is the last.
    """
    if role is not None and role not in ROLES:  # so that nobody takes it away meanwhile
        CustomRole.objects.select_for_update().filter(key=role).first()
        forget_roles()
    who = Q(pk=member.pk) | Q(role=Role.ADMIN, is_active=True)
    locked = {row.pk: row for row in User.objects.select_for_update().filter(who).order_by("pk")}
    member = locked[member.pk]
    role = member.role if role is None else role
    is_active = member.is_active if is_active is None else is_active
    refuse_change(member, by=by, role=role, is_active=is_active)
    former = member.role
    fields = [
        name
        for name, now, new in (
            ("role", member.role, role),
            ("is_active", member.is_active, is_active),
        )
        if now != new
    ]
    if not fields:
        return member
    member.role, member.is_active = role, is_active
    member.is_superuser = member.is_superuser and role == Role.ADMIN
    member.save(update_fields=[*fields, "is_superuser"])
    detail = {"former": former, "role": role} if "role" in fields else None
    audit.record("user.changed", "user", str(member.pk), fields=fields, detail=detail)
    return member
