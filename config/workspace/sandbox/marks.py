"""Which item a child is at: four bytes of memory that both see, also once the child is gone.

So answers can be sent many at once, and yet it is known whom a child died of.
"""

import mmap
import os
import struct

_NUMBER = struct.Struct("=I")


class Mark:
    """The number of an item, from 0."""

    def __init__(self, file: int) -> None:
        """`file` is one of `new_file`; it is closed."""
        self._memory = mmap.mmap(file, _NUMBER.size)
        os.close(file)

    def set(self, number: int) -> None:
        """At this item from now on."""
        _NUMBER.pack_into(self._memory, 0, number)

    def get(self) -> int:
        """The item that it was at last."""
        (number,) = _NUMBER.unpack_from(self._memory)
        return int(number)

    def close(self) -> None:
        """Done with it."""
        self._memory.close()


def new_file() -> int:
    """A file without a name, for both sides to map. Raises OSError."""
    file = os.memfd_create("mark")
    os.ftruncate(file, _NUMBER.size)
    return file
