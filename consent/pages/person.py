"""From the page of a person: a withdrawal that they asked for, and an address that must rest."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console.pages import ApiCall
from config.workspace import audit, zones
from config.workspace.digests import CONTACT_KINDS
from config.workspace.permissions import may, requires
from consent.channels import channel_names, label_of, usual_channels
from consent.ledger.history import states_of
from consent.models import Purpose, Suppression
from consent.suppression.suppressing import suppress, suppressed_levels
from consent.suppression.withdrawing import marketing_purposes, withdraw_for
from consent.words import ADDRESS_KINDS, ASKED_BY
from profiles.identifiers.normalise import normalise_kind
from profiles.models import Identifier, Profile
from profiles.panels import ACTIONS, PersonAction
from profiles.selectors.masking import Shown, shown_to
from profiles.views.acting import act, done, with_person

ALL_MARKETING: Final = "-"  # no slug
ANYWHERE: Final = "-"
ON_BEHALF: Final = "on_behalf"
MOST_ADDRESSES = 50


@ACTIONS.register("withdraw", order=50)
def withdrawal_offered(request: HttpRequest, person: Profile) -> PersonAction | None:
    """To whoever records permissions."""
    if not may(request.user, "consents.edit"):
        return None
    url = reverse("consent:person_withdraw", args=[person.public_id])
    return PersonAction(_("Unsubscribe"), url, "exit")


@ACTIONS.register("suppress", order=60)
def suppression_offered(request: HttpRequest, person: Profile) -> PersonAction | None:
    """To whoever suppresses addresses, of whom has one."""
    if not may(request.user, "suppressions.edit"):
        return None
    if not Identifier.objects.filter(profile_id=person.pk, kind__in=CONTACT_KINDS).exists():
        return None
    url = reverse("consent:person_suppress", args=[person.public_id])
    return PersonAction(_("Suppress an address"), url, "ban")


class WithdrawForm(forms.Form):
    """What they withdraw, where, and how they asked: the proof that stands beside it."""

    purpose = forms.ChoiceField(label=gettext_lazy("What they want no more"))
    channel = forms.ChoiceField(label=gettext_lazy("On"))
    how = forms.ChoiceField(
        label=gettext_lazy("How they asked"),
        choices=[("", gettext_lazy("Choose...")), *ASKED_BY.items()],
    )
    on = forms.DateField(
        label=gettext_lazy("On which day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    said = forms.CharField(
        label=gettext_lazy("In their words"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: Any, channels: list[str], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        fields: dict[str, Any] = self.fields
        purposes = Purpose.objects.exclude(purpose_class=Purpose.Class.TRANSACTIONAL)
        self.purposes = list(purposes.filter(archived_at=None))
        fields["purpose"].choices = [
            (ALL_MARKETING, _("All marketing")),
            *((one.slug, one.name) for one in self.purposes),
        ]
        fields["channel"].choices = [
            (ANYWHERE, label_of("")),
            *((name, label_of(name)) for name in channels),
        ]
        fields["on"].initial = today
        fields["on"].widget.attrs["max"] = today.isoformat()

    def clean_on(self) -> date:
        """A day that has come."""
        day: date = self.cleaned_data["on"]
        if day > self.today:
            raise forms.ValidationError(_("This day has not come yet."))
        return day

    @property
    def chosen(self) -> list[Purpose]:
        """The purposes that are meant."""
        slug = self.cleaned_data["purpose"]
        if slug == ALL_MARKETING:
            marketing = set(marketing_purposes())
            return [one for one in self.purposes if one.pk in marketing]
        return [one for one in self.purposes if one.slug == slug]


@requires("consents.edit")
@with_person
def withdraw(request: HttpRequest, person: Profile) -> HttpResponse:
    """Into the ledger, with who recorded it and how the person asked; it grants nothing."""
    said = {entry.channel for entry in states_of(person.pk)} | set(usual_channels())
    channels = [name for name in channel_names() if name in said]
    today = zones.today()
    form = WithdrawForm(request.POST or None, channels=channels, today=today)
    nothing = False
    if form.is_valid():
        given = form.cleaned_data
        evidence = {"act": ON_BEHALF, "asked_by": given["how"]}
        evidence |= {"said": given["said"]} if given["said"] else {}
        recorded = withdraw_for(
            person,
            purposes=form.chosen,
            channels=channels if given["channel"] == ANYWHERE else [given["channel"]],
            evidence=evidence,
            at=_moment(given["on"], today),
        )
        if recorded:
            detail = {"how": given["how"], "found": len(recorded)}
            audit.record("consent.withdrawn_for", "consent", detail=detail, profile_id=person.pk)
            return done(request, person, _("Withdrawn, with how they asked as the proof."))
        nothing = True
    body = {
        "person": str(person.public_id),
        "purpose": "marketing",
        "channel": "email",
        "status": "withdrawn",
        "evidence": {"act": ON_BEHALF, "asked_by": "phone"},
    }
    return act(
        request,
        person,
        "consent/_person_withdraw.html",
        {"form": form, "nothing": nothing},
        title=_("Unsubscribe, or withdraw a permission"),
        api_call=ApiCall("POST", "/api/consents/", body),
    )


def _moment(day: date, today: date) -> datetime | None:
    """The last of a day that is over, so that it ends what was allowed on it; now, of today."""
    return None if day == today else zones.ends(day) - timedelta(microseconds=1)


@dataclass(frozen=True)
class Contact:
    """An address of theirs, as this reader sees it, and how far it is suppressed already."""

    id: int
    kind: str
    value: str
    shown: str
    levels: set[str]

    @property
    def kind_words(self) -> str:
        """What kind of address it is."""
        return str(ADDRESS_KINDS.get(self.kind, self.kind))


def _contacts(person: Profile, shown: Shown) -> list[Contact]:
    """Two queries."""
    rows = Identifier.objects.filter(profile_id=person.pk, kind__in=CONTACT_KINDS)
    known = list(rows.order_by("kind", "value")[:MOST_ADDRESSES])
    levels = suppressed_levels([(row.kind, row.value) for row in known])
    return [
        Contact(
            row.pk,
            row.kind,
            row.value,
            shown.identifier(row.kind, row.value),
            levels[row.kind, row.value],
        )
        for row in known
    ]


LEVELS = {
    Suppression.Level.MARKETING.value: gettext_lazy(
        "Marketing stops; what they bought and asked for still comes"
    ),
    Suppression.Level.ALL.value: gettext_lazy("Everything stops, receipts and answers too"),
}


@requires("suppressions.edit")
@with_person
def suppress_address(request: HttpRequest, person: Profile) -> HttpResponse:
    """One of their addresses, whoever else has it."""
    contacts = _contacts(person, shown_to(request.user))
    error, posted = "", request.POST
    if request.method == "POST":
        one = next((one for one in contacts if str(one.id) == posted.get("address")), None)
        level = posted.get("level", "")
        if one is not None and level in LEVELS:
            return _suppressed(request, person, one, level)
        error = _("Choose an address and how far it reaches.")
    context = {
        "contacts": contacts,
        "levels": LEVELS.items(),
        "posted": posted,
        "error": error,
    }
    body = {"kind": "email", "value": "jane@example.com", "reason": "manual"}
    return act(
        request,
        person,
        "consent/_person_suppress.html",
        context,
        title=_("Suppress an address"),
        api_call=ApiCall("POST", "/api/suppressions/", body),
    )


def _suppressed(request: HttpRequest, person: Profile, one: Contact, level: str) -> HttpResponse:
    if {level, Suppression.Level.ALL.value} & one.levels:
        words = _("It was suppressed already.")
        return done(request, person, words, level=messages.WARNING)
    suppress(
        kind=normalise_kind(one.kind),
        value=one.value,
        reason=Suppression.Reason.MANUAL,
        detail=request.POST.get("detail", "").replace("\x00", "").strip(),
        level=level,
    )
    return done(request, person, _("Suppressed: %(address)s") % {"address": one.shown})
