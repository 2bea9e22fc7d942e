"""/api/exports/: people taken out as files; thin."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.fields import KnownFields
from config.workspace.api.problems import refused
from config.workspace.api.views import ApiView
from config.workspace.work.reasons import in_words
from profiles.api.paging import PAGE_PARAMETERS
from profiles.language.reading.reader import RuleError
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import shown_to
from segments.exports import links
from segments.exports.asking import HOURS, ask_for
from segments.models.export import PeopleExport

ID = OpenApiParameter("id", str, OpenApiParameter.PATH)
STATES = [*PeopleExport.Status.values, "revoked", "expired", "erased"]


class NewExport(KnownFields):
    """Of whom (one of `segment` and `rule`), for which purpose, and what of them."""

    segment = serializers.CharField(required=False)
    rule = serializers.JSONField(required=False)
    purpose = serializers.CharField()
    channel = serializers.CharField(
        required=False, help_text="Of a marketing purpose: by which channel they permitted it."
    )
    format = serializers.ChoiceField(PeopleExport.Format.choices, required=False)
    columns = serializers.ListField(child=serializers.CharField(), required=False)
    hours = serializers.IntegerField(
        required=False, min_value=1, help_text=f"How long the link lasts; {HOURS} unless told."
    )


class ExportSerializer(serializers.Serializer[Any]):
    """One file."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    status = serializers.ChoiceField(STATES)
    error = serializers.CharField()
    format = serializers.ChoiceField(PeopleExport.Format.choices)
    purpose = serializers.CharField()
    channel = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    found = serializers.IntegerField(allow_null=True, help_text="Who was meant.")
    rows = serializers.IntegerField(help_text="Who is in the file, so far.")
    left_out = serializers.IntegerField(
        allow_null=True, help_text="Who was meant and did not permit the purpose."
    )
    size = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    url = serializers.CharField(help_text="The file, for whoever has this link; empty without one.")
    downloads = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class ExportPage(serializers.Serializer[Any]):
    """A page of files."""

    results = ExportSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


def answer_of(export: PeopleExport, who: Any) -> dict[str, Any]:
    """One as docs/integrators/rest.md has it, for this caller."""
    shown = shown_to(who)
    left_out = None
    if export.found is not None and export.total is not None:
        left_out = export.found - export.total
    return {
        "id": str(export.public_id),
        "title": shown.text(export.title),
        "status": links.state_of(export),
        "error": in_words(shown.failure(export.error)),
        "format": export.format,
        "purpose": export.purpose,
        "channel": export.channel,
        "columns": export.columns,
        "found": export.found,
        "rows": export.rows,
        "left_out": left_out,
        "size": export.size,
        "url": links.url_of(export, who),
        "downloads": export.downloads,
        "created_at": export.created_at,
        "finished_at": export.finished_at,
        "expires_at": export.expires_at,
    }


def export_of(id_: str) -> PeopleExport:
    """The one of the address. Raises Http404."""
    found = as_uuid(id_)
    export = PeopleExport.objects.filter(public_id=found).first() if found else None
    if export is None:
        raise Http404(f"There is no export {id_!r}.")
    return export


class ExportsView(ApiView):
    """All files; ask for one."""

    required = {"GET": "people.export", "POST": "people.export"}

    @extend_schema(parameters=PAGE_PARAMETERS, responses=ExportPage)
    def get(self, request: Request) -> Response:
        """Newest first."""
        return self.paged(PeopleExport.objects.all(), lambda row: answer_of(row, request.user))

    @extend_schema(request=NewExport, responses={202: ExportSerializer})
    def post(self, request: Request) -> Response:
        """A file is made in the background; `status` tells when it is there."""
        body = self.known(NewExport)
        whom = {name: body[name] for name in ("segment", "rule") if name in body}
        more = {
            name: body[key]
            for name, key in (
                ("channel", "channel"), ("format_", "format"), ("columns", "columns"),
                ("hours", "hours"),
            )
            if key in body
        }  # fmt: skip
        try:
            export = ask_for(whom, purpose=body.get("purpose"), who=request.user, **more)
        except RuleError as error:
            raise refused(error.as_list()) from error  # type: ignore[arg-type]
        return Response(answer_of(export, request.user), status=202)


class ExportView(ApiView):
    """One file."""

    required = {"GET": "people.export", "DELETE": "people.export"}

    @extend_schema(parameters=[ID], responses=ExportSerializer)
    def get(self, request: Request, id: str) -> Response:
        """How far it is, and the link to it."""
        return Response(answer_of(export_of(id), request.user))

    @extend_schema(parameters=[ID], responses={204: None})
    def delete(self, request: Request, id: str) -> Response:
        """Take the file away, or stop its making; that there was one stays."""
        export = export_of(id)
        if not links.is_theirs(export, request.user):
            raise PermissionDenied("Another asked for it, who may see more of people.")
        links.revoke(export)
        return Response(status=204)
