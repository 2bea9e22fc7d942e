"""Fields that several apps' bodies have."""

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
    """A body that is refused for a field that it does not know: nobody would look at it."""

    unknown = "This is not known here."

    def to_internal_value(self, data: Any) -> Any:
        """As DRF's. Raises ValidationError naming the field."""
        for name in data if isinstance(data, dict) else ():
            if name not in self.fields:
                raise serializers.ValidationError({str(name): self.unknown})
        return super().to_internal_value(data)
