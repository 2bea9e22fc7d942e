"""Ending with the process that forked us. Needs no Django."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)  # not between fork and exec


def end_with(parent: int) -> None:
    """Have the kernel kill this process when `parent`, a process id, ends; at once where it has.

    The kernel goes by the thread of the parent that forked us, and forgets it at our next fork.
    """
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
