"""Which traits and properties are personal: who may not see them may not ask by them either."""

from config.workspace.permissions import may
from segments.rules import Group, walk

__all__ = ["PERSONAL_FIELDS", "may_ask_by", "personal_paths"]

PERSONAL_FIELDS = frozenset(
    "email phone name first_name firstname last_name lastname full_name fullname middle_name "
    "display_name username birthday birth_date birthdate date_of_birth address street postal_code "
    "postalcode zip avatar ip ip_address".split()
)


def is_personal(name: str) -> bool:
    """Whether a trait's or property's name says that it names a person."""
    spelt = name.replace("-", "_").lower()
    return spelt in PERSONAL_FIELDS or spelt.replace("_", "") in PERSONAL_FIELDS


def personal_paths(rule: Group) -> list[tuple[str, str]]:
    """(path, field) of each personal field that the rule reads."""
    return [
        (path, name)
        for path, condition in walk(rule)
        for name in sorted(condition.personal_fields())
        if is_personal(name)
    ]


def may_ask_by(user: object, name: str) -> bool:
    """Whether this user may write rules by the field."""
    return not is_personal(name) or may(user, "people.personal")  # type: ignore[arg-type]
