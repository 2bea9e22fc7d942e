"""The groups of the RFM cube: which of its 125 cells is called what.

The commonly published map of eleven groups, each cell in exactly one. A workspace may say another
(`set_groups`); a cell is three digits, for recency, frequency and money, 5 the best.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _

from config.workspace.selectors import workspace
from config.workspace.stored import change_setting

SETTING: Final = "rfm_groups"
CELLS: Final = frozenset(
    100 * r + 10 * f + m for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)
)
Groups = Mapping[str, Sequence[int]]
USUAL: Final[Groups] = {
    "champions": (555, 554, 545, 544, 455, 454, 445),
    "loyal": (543, 444, 435, 355, 354, 345, 344, 335),
    "potential_loyalist": (
        *(553, 552, 551, 542, 541, 533, 532, 531, 453, 452, 451, 442, 441, 433, 432, 431),
        *(423, 353, 352, 351, 342, 341, 333, 323),
    ),
    "new": (512, 511, 422, 421, 412, 411, 311),
    "promising": (525, 524, 523, 522, 521, 515, 514, 513, 425, 424, 415, 414, 413, 315, 314, 313),
    "needs_attention": (535, 534, 443, 434, 343, 334, 325, 324),
    "about_to_sleep": (331, 321, 312, 251, 241, 231, 221, 213),
    "at_risk": (
        *(255, 254, 253, 252, 245, 244, 243, 242, 235, 234, 225, 224, 153, 152, 145, 143),
        *(142, 135, 134, 133, 125, 124),
    ),
    "cant_lose": (155, 154, 144, 215, 214, 115, 114, 113),
    "hibernating": (332, 322, 233, 232, 223, 222, 212, 211, 132, 123, 122),
    "lost": (151, 141, 131, 121, 112, 111),
}


class NoPartition(ValueError):
    """Not every cell is in exactly one group; `str` says which is wrong."""


def groups() -> Groups:
    """The workspace's map, else the usual one."""
    return workspace().setting(SETTING, None) or USUAL


def set_groups(given: Groups | None) -> None:
    """Another map, for the groups that there are; None for the usual one. Raises NoPartition."""
    if given is not None:
        _refuse_no_partition(given)
    kept = {name: sorted(cells) for name, cells in given.items()} if given is not None else None
    change_setting(SETTING, lambda _before: kept)


def _refuse_no_partition(given: Groups) -> None:
    unknown = sorted(given.keys() - USUAL.keys())
    if unknown:
        raise NoPartition(_("There is no group “%(name)s”.") % {"name": unknown[0]})
    seen: set[int] = set()
    for name, cells in given.items():
        for cell in cells:
            if cell not in CELLS:
                message = _("“%(cell)s” in %(name)s is no cell: three digits from 1 to 5.")
                raise NoPartition(message % {"cell": cell, "name": name})
            if cell in seen:
                raise NoPartition(_("The cell %(cell)s is in two groups.") % {"cell": cell})
            seen.add(cell)
    if missing := sorted(CELLS - seen):
        message = _("The cell %(cell)s is in no group, and %(n)s more.")
        raise NoPartition(message % {"cell": missing[0], "n": len(missing) - 1})


def group_names() -> dict[str, str]:
    """In words, in the order of the map: the best first."""
    return {
        "champions": _("Champions"),
        "loyal": _("Loyal"),
        "potential_loyalist": _("Potential loyalists"),
        "new": _("New customers"),
        "promising": _("Promising"),
        "needs_attention": _("Need attention"),
        "about_to_sleep": _("About to sleep"),
        "at_risk": _("At risk"),
        "cant_lose": _("Cannot lose them"),
        "hibernating": _("Hibernating"),
        "lost": _("Lost"),
    }
