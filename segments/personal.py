"""Who may not see personal data may not ask by it either (design.md, guarantee 9)."""

from django.utils.translation import gettext as _

from profiles.selectors.masking import is_personal_name
from segments.rules import Group, RuleError, RuleProblem, walk


def personal_paths(rule: Group) -> list[tuple[str, str]]:
    """(path, field) of each personal field that the rule reads."""
    return [
        (path, name)
        for path, condition in walk(rule)
        for name in sorted(condition.personal_fields())
        if is_personal_name(name)
    ]


def refuse_personal(rule: Group) -> None:
    """For those without `people.personal`. Raises RuleError."""
    message = _("Asking by “%(field)s” needs the right to see personal data.")
    problems = [
        RuleProblem(path, "personal", message % {"field": name})
        for path, name in personal_paths(rule)
    ]
    if problems:
        raise RuleError(problems)
