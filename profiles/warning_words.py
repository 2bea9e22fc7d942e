"""Data warnings in words: what each means, what somebody can do about it, and where."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from profiles.models import DataWarning

Words = str | Promise
Place = Callable[[DataWarning], str]


@dataclass(frozen=True)
class Warned:
    """A kind of warning. `place` is where the remedy is, for whoever has `permission`."""

    title: Words
    meaning: Words
    remedy: Words
    place: Place
    permission: str


def _calls(row: DataWarning) -> str:
    return f"{reverse('profiles:live')}?{urlencode({'source': row.source_id})}"


def _definitions(row: DataWarning) -> str:
    listed = reverse("admin:profiles_eventdefinition_changelist")
    return f"{listed}?{urlencode({'q': row.event_name})}" if row.event_name else listed


def _rates(row: DataWarning) -> str:
    add = reverse("admin:profiles_exchangerate_add")
    return f"{add}?{urlencode({'currency': row.detail})}"


def _categories(row: DataWarning) -> str:
    add = reverse("admin:consent_signalmapping_add")
    return f"{add}?{urlencode({'source': row.source_id, 'signal': 'category', 'name': row.detail})}"


def _names(row: DataWarning) -> str:
    kind = "traitname" if row.detail == "trait" else "eventdefinition"
    return f"{reverse(f'admin:profiles_{kind}_changelist')}?is_proven__exact=0"


_LOOK = _("Look at its calls and mend what sends them.")
WARNINGS: dict[str, Warned] = {
    "unusable_identifier": Warned(
        _("An identifier that can be nobody's"),
        _("Malformed, blocked, or a placeholder such as null. The call is kept; this value joins"
          " it to nobody."),
        _("Have the source leave the field out where nobody is known, or check what is typed."),
        _calls, "events.view",
    ),
    "identifier_of_another": Warned(
        _("An identifier that another person has, or for which is no room"),
        _("The call is kept with its person; the identifier stays where it is."),
        _("Look at its calls: does the source mix two people, or send one number for many?"),
        _calls, "events.view",
    ),
    "identifier_sent_away": Warned(
        _("An unproven identifier made room for a proven one"),
        _("Only a public key had named it. It is a person of its own now."),
        _("Nothing, as long as it is rare; if it is not, look at the calls of the source."),
        _calls, "events.view",
    ),
    "shared_identifier": Warned(
        _("An identifier that people may share, too often to list"),
        _("So many came by it on one day that only the first are listed on the customer page."),
        _("Have the source send an id of its own for each person."),
        _calls, "events.view",
    ),
    "value_not_a_number": Warned(
        _("A value that is no number"),
        _("The event counts, without a value. Its property is kept as it was sent."),
        _("Send a number such as 49.90, or choose another property for the value."),
        _definitions, "settings.view",
    ),
    "value_out_of_range": Warned(
        _("A value that is too large"),
        _("The event counts, without a value. Its property is kept as it was sent."),
        _("Check its unit at the source, or choose another property for the value."),
        _definitions, "settings.view",
    ),
    "unknown_currency": Warned(
        _("A currency without a rate"),
        _("The amount is kept, and is in no sum: it cannot be told in the workspace's currency."),
        _("Add a rate for it; events from then on have a value."),
        _rates, "settings.edit",
    ),
    "trait_name": Warned(
        _("A trait whose name is too long"),
        _("The call is kept, the trait is not: a name has at most 250 characters."),
        _LOOK, _calls, "events.view",
    ),
    "trait_size": Warned(
        _("A trait whose value is too large"),
        _("The call is kept, the trait is not: a value has at most 8 KB."),
        _LOOK, _calls, "events.view",
    ),
    "trait_number": Warned(
        _("Too many traits of one person"),
        _("The call is kept, the trait is not: a person has at most 200 that only browsers said,"
          " and 500 in all."),
        _LOOK, _calls, "events.view",
    ),
    "trait_total": Warned(
        _("Too much said of one person"),
        _("The call is kept, the trait is not: all traits of a person have at most 64 KB that only"
          " browsers said, and 256 KB in all."),
        _LOOK, _calls, "events.view",
    ),
    "withheld": Warned(
        _("Events that people did not permit"),
        _("Their own consent object refuses measuring, so they are counted here and not stored."),
        _("Nothing: this is the gate at work. Have the source send none where it is refused."),
        _calls, "events.view",
    ),
    "unmapped_category": Warned(
        _("A consent category that is mapped to no purpose"),
        _("What people say of it changes nothing here."),
        _("Map it to a purpose, or to none."),
        _categories, "purposes.edit",
    ),
    "consent_string": Warned(
        _("A consent string that does not count"),
        _("It could not be read, or breaks the rules of its own date. It changed nothing."),
        _("Have whoever runs the consent platform mend what writes it."),
        _calls, "events.view",
    ),
    "consent_object": Warned(
        _("A consent object that cannot be read"),
        _("It changed nothing. Its categories are names with true or false."),
        _LOOK, _calls, "events.view",
    ),
    "too_many_names": Warned(
        _("Too many new names in a day"),
        _("The calls are kept; of a public key's new names only the first 200 a day are offered."),
        _("Look at the names and hide those that somebody made up."),
        _names, "settings.view",
    ),
}  # fmt: skip
