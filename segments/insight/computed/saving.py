"""Making, changing and taking away computed traits: one change, one transaction, in the trail."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.lifecycle.revisions import refuse_stale
from config.workspace.lifecycle.usage import InUse, taking, users
from config.workspace.models import User
from config.workspace.work.due import wake
from profiles.changes import redefined
from profiles.language.columns import PREFIX
from profiles.language.reading.reader import RuleError, RuleProblem, text_problem
from profiles.language.subjects import WAY
from profiles.models import TraitName
from profiles.selectors.masking import EVERYTHING, Shown
from segments.members.values import request_values
from segments.models import ComputedTrait
from segments.rules.computed import (
    ComputedDefinition,
    depended_on,
    forget_definitions,
    read_computed,
)
from segments.rules.guarded import refuse_guarded
from segments.rules.personal import not_harmless

LONGEST_NAME: Final = 120
MOST: Final = 200  # each event that comes in works those anew that are made of it
_OUR_ADDRESSES: Final = ("-", "preview")
_NOT_IN_NAMES: Final = f"/{WAY}"


def read_definition(data: Any, shown: Shown = EVERYTHING) -> ComputedDefinition:
    """The definition, checked for whoever saves or tries it out. Raises RuleError."""
    definition = read_computed(data)
    problems = [
        RuleProblem(place.value, "personal", not_harmless(name, place))
        for place, name in sorted(definition.touches())
        if not shown.may_ask(place, name)
    ]
    if problems:
        raise RuleError(problems)
    refuse_guarded([("event", definition.touches())])
    return definition


@transaction.atomic
def create_trait(
    *,
    name: Any,
    definition: Any,
    description: str = "",
    shown: Shown = EVERYTHING,
    user: User | None = None,
) -> ComputedTrait:
    """A new one; it is worked out of everybody by the work that it wakes. Raises RuleError."""
    problems = _name_problems(name)
    try:
        read = read_definition(definition, shown)
    except RuleError as error:
        problems += error.problems
    if problems:
        raise RuleError(problems)
    trait = ComputedTrait.objects.create(
        name=name,
        description=description,
        definition=definition,
        depends_on=depended_on(read, name),
        refresh_requested_at=timezone.now(),
        created_by=user,
    )
    audit.record("create", "trait", name, fields=["name", "definition"])
    forget_definitions()
    redefined(f"trait:{name}")  # what a rule calls so is this from now on
    return trait


@transaction.atomic
def update_trait(
    trait: ComputedTrait,
    *,
    definition: Any = None,
    parts: Mapping[str, Any] | None = None,
    description: str | None = None,
    shown: Shown = EVERYTHING,
    revision: int | None = None,
) -> ComputedTrait:
    """Change what is given; its name stays, since rules name it. Raises RuleError, Stale.

    `definition` is a whole one, `parts` some of it, for what stands.
    """
    trait = ComputedTrait.objects.select_for_update(no_key=True).get(pk=trait.pk)
    if parts:
        definition = {**trait.definition, **parts}
    read = read_definition(definition, shown) if definition is not None else None
    changed = []
    if description is not None and description != trait.description:
        trait.description = description
        changed.append("description")
    if read is not None and definition != trait.definition:
        trait.definition, trait.depends_on = definition, depended_on(read, trait.name)
        trait.refreshed_at = None  # what is stored means something else
        changed.append("definition")
    if not changed:
        return trait
    refuse_stale(trait.revision, revision)
    trait.revision += 1
    own = ("depends_on", "refreshed_at", "revision", "updated_at")
    trait.save(update_fields=[*changed, *own])
    detail = {"revision": trait.revision}
    audit.record("update", "trait", trait.name, fields=changed, detail=detail)
    if "definition" in changed:
        forget_definitions()
        request_values([trait.pk])
        redefined(f"trait:{trait.name}")
    trait.refresh_from_db()
    return trait


def delete_trait(trait: ComputedTrait) -> None:
    """Take it away with its values. Raises InUse while a rule names it, or what is being sent.

    What was sent names it still, and stands as it is.
    """
    with taking("trait", trait.name) as row:
        if row is not None:
            drafts = [use for use in users("trait", row.name) if use.kind == "campaign"]
            if drafts:
                raise InUse(drafts)
            row.delete()
            forget_definitions()
            audit.record("delete", "trait", row.name)


def refresh_trait(trait: ComputedTrait) -> None:
    """Have it worked out of everybody anew, soon."""
    request_values([trait.pk])
    wake("segments")


def _name_problems(name: Any) -> list[RuleProblem]:
    code, message = _name_problem(name) or ("", "")
    return [RuleProblem("name", code, message)] if code else []


def _name_problem(name: Any) -> tuple[str, str] | None:
    """A word for machines, and what is wrong."""
    found = None
    if not isinstance(name, str) or not name.strip():
        found = "required", _("Give it a name.")
    elif len(name) > LONGEST_NAME:
        found = "range", _("This is longer than %(n)d characters.") % {"n": LONGEST_NAME}
    elif problem := text_problem(name):
        found = "text", problem
    elif name != name.strip() or name.startswith(PREFIX) or set(name) & set(_NOT_IN_NAMES):
        found = "invalid", _("A name has no dot, no slash, and no blank at its ends.")
    elif name in _OUR_ADDRESSES:
        found = "invalid", _("This name is taken by an address of ours.")
    elif ComputedTrait.objects.filter(name=name).exists():
        found = "unique", _("There is a computed trait of this name already.")
    elif TraitName.objects.filter(name=name).exists():
        found = "unique", _("A trait of this name comes in from your sources. Choose another name.")
    elif ComputedTrait.objects.count() >= MOST:
        message = _("There are %(n)d computed traits already, as many as there can be.")
        found = "range", message % {"n": MOST}
    return found
