"""A file as the answer: the server reads it from disk as fast as the client takes it."""

from collections.abc import Iterator
from typing import Any

from whitenoise.responders import SlicedFile

BLOCK = 64 * 1024


class FileWrapper:
    """`wsgi.file_wrapper`: tells which file, and from where to where."""

    def __init__(self, file: Any, _block: int = BLOCK) -> None:
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        while block := self.file.read(BLOCK):
            yield block

    def close(self) -> None:
        """Close it, and let Django know that the request is over."""
        self.file.close()

    def part(self) -> tuple[str, int, int | None] | None:
        """Path, first byte and the byte after the last (None: to the end); None: not on disk."""
        file, end = self.file, None
        if isinstance(file, SlicedFile):
            end = file.fileobj.tell() + file.remaining
            file = file.fileobj
        path = getattr(file, "name", None)
        return (path, file.tell(), end) if isinstance(path, str) else None
