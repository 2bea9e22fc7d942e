"""Undo a join; one way for the console and the API."""

from config.workspace.models import User


class CannotUndo(ValueError):
    """The join was undone before, or something stands in the way."""


def undo_join(*, merge_id: int, user: User | None) -> None:
    """Two people again. Raises CannotUndo with the reason."""
    from profiles.identity import merging  # noqa: PLC0415

    merging.undo_merge(merge_id=merge_id, user=user)  # type: ignore[attr-defined]
