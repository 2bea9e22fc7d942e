"""Ctrl-C in tests."""

import signal


def hear_ctrl_c() -> None:
    """For `preexec_fn`: a shell has what runs in its background ignore it, the suite too, and a
    process hands that on.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
