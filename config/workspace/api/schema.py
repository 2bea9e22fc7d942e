"""OpenAPI: how operations are named, and that each may answer with a problem document.

`segments_list`, `segments_create`, `segments_retrieve`, `segments_update`, `segments_delete`: the
words of the address, then what is done. An address that is an act itself says no more:
`segments_refresh`, `campaigns_launch`.
"""

from typing import Any

from drf_spectacular.openapi import AutoSchema

PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "line": {"type": "integer"},
        "column": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string", "description": "As conditions[2].value."},
                    "pointer": {
                        "type": "string",
                        "description": "Its place in the body (RFC 6901).",
                    },
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "line": {"type": "integer"},
                    "column": {"type": "integer"},
                },
                "required": ["path", "code", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}

PLACE = "#/components/schemas/Problem"


class Schema(AutoSchema):
    """Names the operation, and adds the problem document as the default answer."""

    def get_operation_id(self) -> str:
        """By address and method."""
        parts = self.path.strip("/").split("/")[1:]
        words = [part.replace("-", "_") for part in parts if not part.startswith("{")]
        return "_".join([*words, *self._act(is_one=parts[-1].startswith("{"))])

    def _act(self, *, is_one: bool) -> tuple[str, ...]:
        is_collection = not is_one and hasattr(self.view, "get")
        if self.method == "GET":
            return ("list",) if self._is_page() else ("retrieve",)
        if self.method == "POST":
            return ("create",) if is_collection else ()
        if self.method == "DELETE":
            return ("remove",) if is_collection else ("delete",)
        return ("update",)

    def _is_page(self) -> bool:
        """Whether the answer is one of lists: `results` with `next` and `previous`."""
        shape = self.get_response_serializers()
        return "next" in getattr(shape() if isinstance(shape, type) else shape, "fields", ())

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation, with `default`."""
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            operation["responses"]["default"] = {
                "description": "What is wrong (RFC 9457)",
                "content": {"application/problem+json": {"schema": {"$ref": PLACE}}},
            }
        return operation


def add_problem(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: the document with the one shape of every error."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    return result
