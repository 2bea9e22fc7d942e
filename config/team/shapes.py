"""Shapes of roles, members, invitations and API keys over REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from config.workspace.access.keys import known_scopes
from config.workspace.api.fields import KnownFields
from config.workspace.joining import links
from config.workspace.models import AccessLink, ApiKey, CustomRole, User
from config.workspace.permissions import PERMISSIONS, rights_of_role, role_in_words
from config.workspace.roles.sight import LEVELS, MOST_FIELDS, DataKind

LEVEL_NAMES = list(LEVELS)
INVITATION_STATES = [(name, name) for name in ("open", "used", "withdrawn", "expired", "void")]
MOST_HOURS = 720


class TeamShape(serializers.Serializer[Any]):
    """The base of these."""


class SightSerializer(TeamShape):
    """What of a person's data is shown."""

    everything = serializers.BooleanField(help_text="By the permission people.personal.")
    kinds = serializers.DictField(
        child=serializers.ChoiceField(choices=LEVEL_NAMES),
        help_text=f"By kind of data ({', '.join(DataKind)}); the others are masked.",
    )
    fields_by_name = serializers.DictField(child=serializers.ChoiceField(choices=LEVEL_NAMES))

    def get_fields(self) -> Any:
        """`fields` is a word of the base class."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_by_name")
        return found


class RoleSerializer(TeamShape):
    """A role, built in or made here."""

    key = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    built_in = serializers.BooleanField()
    permissions = serializers.ListField(child=serializers.CharField())
    sight = SightSerializer()
    members = serializers.IntegerField(help_text="Active people who have it.")
    revision = serializers.IntegerField(allow_null=True, help_text="Null of a built-in one.")


class RoleListSerializer(TeamShape):
    """All of them."""

    results = RoleSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class SaidSightSerializer(KnownFields):
    """What of a person's data is to be shown; what is not named is masked."""

    kinds = serializers.DictField(
        child=serializers.ChoiceField(choices=LEVEL_NAMES),
        required=False,
        help_text=f"By kind of data: {', '.join(DataKind)}.",
    )
    fields_by_name = serializers.DictField(
        child=serializers.ChoiceField(choices=LEVEL_NAMES),
        required=False,
        help_text=f"At most {MOST_FIELDS}, as trait:plan, property:note, identifier:card.",
    )

    def get_fields(self) -> Any:
        """`fields` is a word of the base class."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_by_name")
        return found


class _AskedRole(KnownFields):
    name = serializers.CharField(max_length=60)
    description = serializers.CharField(max_length=300, allow_blank=True, required=False)
    permissions = serializers.ListField(
        child=serializers.ChoiceField(choices=list(PERMISSIONS)), max_length=len(PERMISSIONS)
    )
    sight = SaidSightSerializer(required=False)


@extend_schema_serializer(component_name="NewRole")
class NewRoleSerializer(_AskedRole):
    """What is posted."""


@extend_schema_serializer(component_name="ChangedRole")
class ChangeRoleSerializer(_AskedRole):
    """What is changed; the rest stays."""

    revision = serializers.IntegerField(required=False, min_value=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "partial": True})


class TeamMemberSerializer(TeamShape):
    """Somebody of the team."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    role = serializers.CharField()
    role_name = serializers.CharField()
    active = serializers.BooleanField()
    last_signed_in_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="ChangedMember")
class ChangeMemberSerializer(KnownFields):
    """What is changed; the rest stays."""

    role = serializers.CharField(max_length=40, required=False)
    active = serializers.BooleanField(required=False)


class InvitationSerializer(TeamShape):
    """An invitation to the team."""

    id = serializers.IntegerField()
    email = serializers.CharField()
    role = serializers.CharField()
    role_name = serializers.CharField()
    state = serializers.ChoiceField(
        choices=INVITATION_STATES,
        help_text="`void`: whoever sent it may not invite for this role any more.",
    )
    invited_by = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class InvitationMadeSerializer(InvitationSerializer):
    """The same, with the link where no mail leaves; it is answered this once."""

    link = serializers.CharField(allow_null=True)


@extend_schema_serializer(component_name="NewInvitation")
class NewInvitationSerializer(KnownFields):
    """Whom, and as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.CharField(max_length=40)


class ApiKeySerializer(TeamShape):
    """A key of this API, without its value."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="How it begins.")
    scopes = serializers.ListField(child=serializers.CharField())
    sight_role = serializers.CharField(
        allow_null=True, help_text="The role as which it sees people; null: masked, or all."
    )
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    former_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then the value before the last rotation works as well."
    )


class ApiKeyMadeSerializer(ApiKeySerializer):
    """The same with its value, which is answered this once."""

    key = serializers.CharField()


@extend_schema_serializer(component_name="NewApiKey")
class NewApiKeySerializer(KnownFields):
    """What it may do."""

    name = serializers.CharField(max_length=200)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=known_scopes()), min_length=1, max_length=100
    )
    sight_role = serializers.CharField(max_length=40, allow_null=True, required=False)
    expires_at = serializers.DateTimeField(allow_null=True, required=False)


@extend_schema_serializer(component_name="ApiKeyRotation")
class RotateKeySerializer(KnownFields):
    """For how long the value of before goes on working."""

    overlap_hours = serializers.IntegerField(min_value=0, max_value=MOST_HOURS, default=168)


def role_answer(key: str, name: str, row: CustomRole | None, members: int) -> dict[str, Any]:
    """One role; `row` of one that was made here."""
    rights = rights_of_role(key)
    return {
        "key": key,
        "name": name,
        "description": row.description if row else "",
        "built_in": row is None,
        "permissions": [one for one in PERMISSIONS if one in rights.permissions],
        "sight": {"everything": rights.sight.is_whole, **rights.sight.as_json()},
        "members": members,
        "revision": row.revision if row else None,
    }


def member_answer(user: User) -> dict[str, Any]:
    """One member."""
    return {
        "id": user.pk,
        "username": user.username,
        "name": user.get_full_name(),
        "email": user.email,
        "role": user.role,
        "role_name": role_in_words(user.role),
        "active": user.is_active,
        "last_signed_in_at": user.last_login,
        "created_at": user.date_joined,
    }


def invitation_answer(link: AccessLink) -> dict[str, Any]:
    """One invitation, without its link."""
    by = link.created_by or link.created_by_key
    return {
        "id": link.pk,
        "email": link.email,
        "role": link.role,
        "role_name": role_in_words(link.role),
        "state": _state_of(link),
        "invited_by": str(by) if by else "",
        "created_at": link.created_at,
        "expires_at": link.expires_at,
    }


def _state_of(link: AccessLink) -> str:
    if link.used_at:
        return "used"
    if link.revoked_at:
        return "withdrawn"
    if link.expires_at <= timezone.now():
        return "expired"
    return "open" if links.is_open(link) else "void"


def key_answer(key: ApiKey) -> dict[str, Any]:
    """One key, without its value."""
    names = ("name", "hint", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    until = key.previous_until
    return {
        "id": key.pk,
        **{name: getattr(key, name) for name in names},
        "sight_role": key.sight_role or None,
        "former_until": until if until and until > timezone.now() else None,
    }
