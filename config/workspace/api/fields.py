"""Fields that several apps' bodies have."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class AsWritten(serializers.CharField):
    """A text that comes back byte for byte: white space around it is not taken away.

    White space alone counts as blank.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """As DRF's. Raises ValidationError."""
        if isinstance(data, str) and not data.strip() and not self.allow_blank:
            self.fail("blank")
        return super().run_validation(data)


class KnownFields(serializers.Serializer[Any]):
    """A body that is refused for each field that it does not know: nobody would look at it."""

    unknown = "This is not known here."

    def to_internal_value(self, data: Any) -> Any:
        """As DRF's. Raises ValidationError naming those fields beside all else that is wrong."""
        unknown = self.unknown_in(data)
        if not unknown:
            return super().to_internal_value(data)
        faults: dict[str, Any] = {
            name: [serializers.ErrorDetail(self.unknown, "unknown_field")] for name in unknown
        }
        try:
            super().to_internal_value(data)
        except serializers.ValidationError as error:
            faults = {**error.detail, **faults} if isinstance(error.detail, dict) else faults
        raise serializers.ValidationError(faults)

    def unknown_in(self, data: Any) -> list[str]:
        """Its names that nobody may set."""
        settable = {name for name, field in self.fields.items() if not field.read_only}
        names = data if isinstance(data, Mapping) else ()
        return [str(name) for name in names if name not in settable]
