"""The policy table: the list, a row with its form, its dry run and its history."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from config.console.pages import page, toast
from config.workspace.models import User
from config.workspace.permissions import may, requires
from config.workspace.zones import today
from consent.models import Policy, PolicyVersion
from consent.pages.policies.effects import sentences_of
from consent.pages.policies.forms import PolicyForm
from consent.policy.changing import BadPolicy, ChangedSince, change_policy, create_policy
from consent.policy.places import EEA, EVERYWHERE, UNKNOWN
from consent.policy.resolving import policy_table, stricter_than_unknown
from consent.policy.words import about_in_words, place_in_words, terms_in_words
from consent.reach.dry_run import effects_of
from consent.words import actor_words

VIEW, EDIT = "consents.view", "policies.edit"
FIRST = (EVERYWHERE, UNKNOWN, EEA)  # then the countries by their names


@requires(VIEW)
def policies_view(request: HttpRequest) -> HttpResponse:
    """By place: what law asks there, from when, and where it stands."""
    rows = Policy.objects.select_related("purpose")
    places: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        places.setdefault(row.place, []).append(_line(row))
    order = sorted(places, key=lambda code: (_turn(code), place_in_words(code)))
    stricter = stricter_than_unknown(policy_table())
    return page(
        request,
        "consent/policies.html",
        {
            "places": [(code, place_in_words(code), places[code]) for code in order],
            "stricter": [(row, place_in_words(row.place)) for row in stricter],
            "may_edit": may(request.user, EDIT),
        },
        title=_("Policy table"),
        crumbs=[(_("Privacy"), None)],
    )


def _turn(code: str) -> int:
    return FIRST.index(code) if code in FIRST else len(FIRST)


def _line(row: Policy) -> dict[str, Any]:
    day = today()
    is_coming = row.valid_from is not None and row.valid_from > day
    is_over = row.valid_until is not None and row.valid_until <= day
    return {
        "row": row,
        "about": about_in_words(row),
        "terms": terms_in_words(row.terms),
        "is_coming": is_coming,
        "is_over": is_over,
        "holds": row.is_on and not is_coming and not is_over,
        "url": reverse("consent:policy", args=[row.slug]),
    }


@requires(VIEW, post=EDIT)
def policy_view(request: HttpRequest, slug: str) -> HttpResponse:
    """One row. POST asks what would change, and saves it once that was seen."""
    row = get_object_or_404(Policy.objects.select_related("purpose"), slug=slug)
    return _answer(request, row, row.title)


@requires(VIEW)
@requires(EDIT)
def new_policy_view(request: HttpRequest) -> HttpResponse:
    """A row that there is not yet."""
    return _answer(request, Policy(name="", place=EVERYWHERE), _("New row"))


def _answer(request: HttpRequest, row: Policy, title: str) -> HttpResponse:
    posted = request.method == "POST"
    form = PolicyForm(row, request.POST if posted else None)
    context: dict[str, Any] = {}
    if posted and form.is_valid():
        if request.POST.get("action") == "save":
            saved = _save(request, form)
            if saved is not None:
                toast(request, _("Saved. It holds from now on; what was sent stays as it was."))
                return redirect("consent:policy", saved.slug)
        context["effects"] = sentences_of(effects_of(form.cleaned_data["row"]))
        context["is_tried"] = True
        form.fields["why"].required = True  # it is asked for from here on, and said so
    return page(
        request,
        "consent/policy.html",
        {
            "row": row,
            "line": _line(row) if row.pk else None,
            "place": place_in_words(row.place),
            "form": form,
            "history": _history(row),
            "may_edit": may(request.user, EDIT),
            **context,
        },
        title=title,
        crumbs=[(_("Privacy"), None), (_("Policy table"), reverse("consent:policies"))],
    )


def _save(request: HttpRequest, form: PolicyForm) -> Policy | None:
    """None where it says why not."""
    values, row = form.values(form.cleaned_data), form.row
    why, seen = form.cleaned_data["why"], request.POST.get("seen", "")
    try:
        if row.pk is None:
            slug = slugify(f"{row.place} {values['place']} {values['name']}")[:60].strip("-")
            return create_policy(values | {"slug": slug}, why=why)
        return change_policy(row, values, why=why, seen=int(seen) if seen.isdigit() else None)
    except BadPolicy as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    except ChangedSince:
        words = _("Somebody changed this row meanwhile: look at it again, then change it.")
        toast(request, words, level=messages.WARNING)
    return None


def _history(row: Policy) -> list[dict[str, Any]]:
    """Newest first, each with what it changed."""
    versions = list(PolicyVersion.objects.filter(policy_id=row.pk).order_by("-version"))
    before = [*versions[1:], None][: len(versions)]
    names = _names([one.actor for one in versions])
    return [
        {
            "version": one,
            "who": names.get(one.actor) or actor_words(one.actor),
            "changes": _changes(one, earlier),
        }
        for one, earlier in zip(versions, before, strict=True)
    ]


def _names(actors: Sequence[str]) -> dict[str, str]:
    """Of the team's members among them; one query."""
    ids = [
        int(number) for kind, _colon, number in (a.partition(":") for a in actors) if kind == "user"
    ]
    users = User.objects.in_bulk(ids)
    return {f"user:{number}": user.get_username() for number, user in users.items()}


def _changes(version: PolicyVersion, before: PolicyVersion | None) -> list[str]:
    if before is None:
        return []
    was, would = before.said, version.said
    nothing = _("nothing")
    found = [
        f"{label}: {old.get(label, nothing)} → {new.get(label, nothing)}"
        for old, new in [(dict(terms_in_words(was["terms"])), dict(terms_in_words(would["terms"])))]
        for label in {**old, **new}
        if old.get(label) != new.get(label)
    ]
    if was["is_on"] != would["is_on"]:
        found.append(_("switched on") if would["is_on"] else _("switched off"))
    labels = {
        "name": _("name"), "place": _("country or region"), "channel": _("channel"),
        "purpose": _("purpose"), "purpose_class": _("class of purpose"), "law": _("law"),
        "source": _("where it stands"), "valid_from": _("from"), "valid_until": _("until"),
    }  # fmt: skip
    return found + [
        f"{label}: {was[name] or '…'} → {would[name] or '…'}"
        for name, label in labels.items()
        if was[name] != would[name]
    ]
