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
