"""What is done with one person from their page: over it in a dialog, or as a page of its own."""

import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from config.console.pages import ApiCall, page, part, toast, wants_partial
from profiles.models import Profile
from profiles.selectors.finding import NotAPerson, by_public_id
from profiles.selectors.masking import shown_to

SHORT_NAME = 60
More = ParamSpec("More")


def name_of(request: HttpRequest, person: Profile) -> str:
    """What they are called, as this reader sees it."""
    name = shown_to(request.user).name(person.display_name)
    return Truncator(name).chars(SHORT_NAME) or _("No name yet")


def nobody(request: HttpRequest) -> HttpResponse:
    """Where nobody has this id."""
    return page(request, "profiles/nobody.html", {}, title=_("Nobody is here"), status=404)


def with_person(
    view: Callable[Concatenate[HttpRequest, Profile, More], HttpResponse],
) -> Callable[Concatenate[HttpRequest, uuid.UUID, More], HttpResponse]:
    """The view is given the person of the address; a former id is who they are today."""

    @wraps(view)
    def found(
        request: HttpRequest, /, public_id: uuid.UUID, *args: More.args, **kwargs: More.kwargs
    ) -> HttpResponse:
        try:
            person = by_public_id(public_id)
        except NotAPerson:
            return nobody(request)
        return view(request, person, *args, **kwargs)

    answer: Any = found  # an address names its arguments
    return cast("Callable[Concatenate[HttpRequest, uuid.UUID, More], HttpResponse]", answer)


def act(
    request: HttpRequest,
    person: Profile,
    template: str,
    context: Mapping[str, Any],
    *,
    title: Any,
    api_call: ApiCall | None = None,
) -> HttpResponse:
    """The form of an act: a part for the dialog, or a page. Its template is drawn in either."""
    known = {
        "person": person,
        "act_template": template,
        "act_title": title,
        "back": reverse("profiles:person", args=[person.public_id]),
        "action": request.get_full_path(),
        **context,
    }
    if wants_partial(request):
        return part(request, "profiles/_act.html", known)
    name = name_of(request, person)
    return page(
        request,
        "profiles/act.html",
        known,
        title=title,
        crumbs=[
            (_("Customers"), None),
            (_("People"), reverse("profiles:people")),
            (name, known["back"]),
        ],
        api_call=api_call,
    )


def done(request: HttpRequest, person: Profile, words: str, *, level: int = 25) -> HttpResponse:
    """Back to the person, with what was done."""
    toast(request, words, level=level)
    url = reverse("profiles:person", args=[person.public_id])
    if wants_partial(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)
