"""The people behind a number become a segment: those of the log, as it is narrowed, as a list."""

from typing import Any

from django.contrib import messages
from django.db.models import BigIntegerField
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaigns.pages.log.message_filters import MessageFilters, address_of, asked
from config.console.pages import toast
from config.console.shell import places
from config.console.words import num
from config.postgres.sql import Sql, ids_in
from config.workspace.permissions import requires
from segments.services import LONGEST_NAME, make_list


def people_behind(found: MessageFilters) -> Sql:
    """Whose these messages are, as a query for ids; by whom an address went to since."""
    person = Coalesce("owner_id", "profile_id", output_field=BigIntegerField())
    return ids_in(found.rows.annotate(person=person), "person")


def name_of(found: MessageFilters) -> str:
    """ "Winter care: Clicked by a person, on 3 Nov": what the log is narrowed to."""
    words = [str(said) for name, said, _url in found.words if name != "campaign"]
    parts = [found.campaign.name if found.campaign else "", ", ".join(words)]
    return ": ".join(filter(None, parts))[:LONGEST_NAME]


@require_POST
@requires("messages.view")
@requires("segments.edit")
def keep(request: HttpRequest) -> HttpResponse:
    """One press: a list of them, as they are now; of everybody, where nothing is narrowed, none."""
    found = asked(request.POST)
    if not found.kept or found.wrong:
        toast(request, _("Nothing was made: choose first whose messages."), level=messages.WARNING)
        return redirect(address_of({}))
    user: Any = request.user
    made = make_list(name_of(found), people_behind(found), user=user)
    said = ngettext(
        "A list of %(n)s person was made.", "A list of %(n)s people was made.", made.count
    ) % {"n": num(made.count)}
    toast(request, said)
    return redirect(places.segment(made.slug))
