"""Shapes of privacy requests (docs/integrators/rest.md)."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from config.workspace.api.fields import KnownFields
from consent.models import PrivacyRequest
from consent.models.exceptions import DataClass, Ground
from consent.models.privacy import Regulation, RequestType

MOST_IDENTIFIERS = 50
RECEIPT_STATES = [(name, name) for name in ("taken", "waiting", "given_up", "not_told")]


@extend_schema_serializer(component_name="PrivacyRequestAsked")
class AskSerializer(KnownFields):
    """What is posted."""

    type = serializers.ChoiceField(choices=RequestType.choices)
    identifiers = serializers.ListField(
        child=serializers.CharField(max_length=600),
        min_length=1,
        max_length=MOST_IDENTIFIERS,
        help_text="As email:jane@example.com; all of one person.",
    )
    regulation = serializers.ChoiceField(choices=Regulation.choices, default=Regulation.GDPR)
    language = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=35, help_text="Of the letters."
    )
    received_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    block = serializers.BooleanField(
        default=False, help_text="Erase and block: nothing of theirs comes in again."
    )
    details = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=5_000,
        help_text="What the person wrote, such as what is wrong.",
    )


class PrivacyRequestSerializer(serializers.Serializer[Any]):
    """One request."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=RequestType.choices)
    regulation = serializers.ChoiceField(choices=Regulation.choices)
    status = serializers.ChoiceField(choices=PrivacyRequest.Status.choices)
    origin = serializers.CharField()
    identifiers = serializers.ListField(
        child=serializers.DictField(),
        help_text="kind and value; kind and digest once an erasure is complete.",
    )
    received_at = serializers.DateTimeField()
    confirm_by = serializers.DateTimeField(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField()
    extended_at = serializers.DateTimeField(allow_null=True)
    extended_because = serializers.CharField(allow_blank=True)
    proven_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    closed_because = serializers.CharField(allow_blank=True)
    block = serializers.BooleanField()
    details = serializers.CharField(allow_blank=True)


class PrivacyRequestsSerializer(serializers.Serializer[Any]):
    """A page of them."""

    results = PrivacyRequestSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


@extend_schema_serializer(component_name="PrivacyRequestTurn")
class TurnSerializer(KnownFields):
    """A turn of a request, with what is to be remembered of it."""

    because = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


@extend_schema_serializer(component_name="PrivacyRequestExtension")
class ExtendSerializer(KnownFields):
    """Why it takes longer."""

    because = serializers.CharField(max_length=2000)


@extend_schema_serializer(component_name="ErasureExceptionAsked")
class KeepSerializer(KnownFields):
    """What has to stay; without `months` and `until`, until it is ended."""

    data_class = serializers.ChoiceField(choices=DataClass.choices)
    ground = serializers.ChoiceField(choices=Ground.choices)
    because = serializers.CharField(max_length=300, help_text="The law or the case.")
    months = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="From each row's own day."
    )
    until = serializers.DateField(required=False, allow_null=True, default=None)


@extend_schema_serializer(component_name="ErasureException")
class KeptSerializer(KeepSerializer):
    """What stays, or stayed."""

    id = serializers.IntegerField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_because = serializers.CharField(allow_blank=True)
    done_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(component_name="ErasureExceptions")
class KeptListSerializer(serializers.Serializer[Any]):
    """All of a request."""

    exceptions = KeptSerializer(many=True)


@extend_schema_serializer(component_name="PrivacyFoundRow")
class FoundRowSerializer(serializers.Serializer[Any]):
    """Rows of one table."""

    table = serializers.CharField()
    rows = serializers.IntegerField()
    act = serializers.ChoiceField(choices=["erase", "keep"])
    ground = serializers.CharField(allow_blank=True)
    is_whole = serializers.BooleanField(help_text="An exception keeps it as it is.")


@extend_schema_serializer(component_name="PrivacyFound")
class FoundSerializer(serializers.Serializer[Any]):
    """What there is of a person."""

    found = FoundRowSerializer(many=True)


@extend_schema_serializer(component_name="PrivacySearched")
class SearchedSerializer(serializers.Serializer[Any]):
    """What a search came to."""

    status = serializers.ChoiceField(choices=["searching", "done"])
    searched = serializers.ListField(child=serializers.DictField())
    files = serializers.DictField()
    found = serializers.ListField(child=serializers.DictField())
    not_searched = serializers.ListField(child=serializers.CharField())
    needles = serializers.IntegerField()


@extend_schema_serializer(component_name="ErasureReceipt")
class ReceiptSerializer(serializers.Serializer[Any]):
    """What one destination answered to an erasure."""

    destination = serializers.CharField()
    state = serializers.ChoiceField(choices=RECEIPT_STATES)
    at = serializers.DateTimeField()
    answer = serializers.IntegerField(allow_null=True, help_text="Its HTTP status.")
    reason = serializers.CharField(
        allow_blank=True, help_text="off or not_chosen of one that was not told."
    )


@extend_schema_serializer(component_name="ErasureReceipts")
class ReceiptsSerializer(serializers.Serializer[Any]):
    """All of a request."""

    results = ReceiptSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


@extend_schema_serializer(component_name="PrivacyCertificate")
class CertificateSerializer(serializers.Serializer[Any]):
    """What was done, signed."""

    request = serializers.UUIDField()
    type = serializers.CharField()
    regulation = serializers.CharField()
    received_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField()
    workspace = serializers.CharField()
    done = serializers.DictField(child=serializers.IntegerField())
    identifiers_kept_as_digests = serializers.IntegerField()
    blocked = serializers.BooleanField()
    kept = serializers.ListField(
        child=serializers.DictField(),
        help_text="What stays: data_class, ground, because, months, until, rows by table.",
    )
    address_sealed_days = serializers.IntegerField(
        help_text="So long at most the address is kept, encrypted, until the last letter went."
    )
    tables_searched = serializers.IntegerField()
    rows_searched = serializers.IntegerField()
    files_searched = serializers.IntegerField()
    found = serializers.ListField(child=serializers.DictField())
    passed_on = ReceiptSerializer(many=True, required=False, help_text="As it stood then.")
    signature = serializers.CharField(help_text="HMAC-SHA256, for us.")
    signed_by = serializers.CharField()
    rsa_signature = serializers.CharField(
        help_text="Base64: RSA, PKCS #1 v1.5, SHA-256, over the rest as JSON with sorted names,"
        " no spaces, in ASCII."
    )
    signing_certificate = serializers.CharField(help_text="PEM.")
