"""What a copy is called: by a name of its own, in the language of whoever makes it."""

import re
from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

MOST = 10_000  # copies of one thing


def name_of_copy(name: str, is_taken: Callable[[str], bool], *, longest: int) -> str:
    """ "X (copy)", or "X (copy 2)" where that is taken. A copy of a copy is one more of the first.

    `longest` is how many characters a name may have: the end of a long one makes room.
    """
    first = _without_mark(name)
    for n in range(1, MOST):
        mark = _("(copy)") if n == 1 else _("(copy %(n)d)") % {"n": n}
        made = f"{first[: longest - len(mark) - 1].rstrip()} {mark}"
        if not is_taken(made):
            return made
    return name


def _without_mark(name: str) -> str:
    for language, _own in settings.LANGUAGES:  # in any of them a copy may have been named before
        with override(language):
            marks = [re.escape(_("(copy)"))]
            marks.append(re.escape(_("(copy %(n)d)")).replace(re.escape("%(n)d"), "[0-9]+"))
        found = re.sub(rf"\s*(?:{'|'.join(marks)})\Z", "", name)
        if found and found != name:
            return found
    return name
