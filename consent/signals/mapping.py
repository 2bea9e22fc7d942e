"""From what consent platforms call things to purposes: the rows, and how they answer.

Several names of a purpose have to be allowed all together; of several signals that speak of it one
no is enough. A US opt-out is a no, and its absence says nothing: nobody consents by not objecting.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator

from django.db.models import Q

from consent.models import Purpose, SignalMapping
from consent.signals.bits import IdSet
from consent.signals.choices import ConsentChoice

CATEGORY, TCF, GPP = SignalMapping.Signal.values
FEATURE = "sf"  # before the number of a special feature
Names = dict[str, set[int | None]]  # purposes by name


class Mappings:
    """The rows of some sources. One query."""

    def __init__(self, source_ids: Collection[int]) -> None:
        self._rows: dict[tuple[int | None, str], Names] = defaultdict(lambda: defaultdict(set))
        # a purpose may have become one of marketing since: what is sent is never a banner's to give
        ours = Q(purpose=None) | Q(purpose__purpose_class=Purpose.Class.PROCESSING)
        rows = SignalMapping.objects.filter(ours).exclude(purpose__archived_at__isnull=False)
        for source_id, signal, name, purpose_id in rows.values_list(
            "source_id", "signal", "name", "purpose_id"
        ):
            if source_id is None or source_id in source_ids:
                self._rows[source_id, signal][name].add(purpose_id)

    def unmapped(self, choice: ConsentChoice, source_id: int) -> list[str]:
        """Categories of which no row speaks."""
        known = self._of(source_id, CATEGORY)
        return sorted(name for name in choice.categories or () if name not in known)

    def answers(self, choice: ConsentChoice, source_id: int) -> dict[int, bool]:
        """By purpose whether it is allowed; what nothing was said of is not there."""
        found: dict[int, bool] = {}
        for purpose_id, allowed in self._said(choice, source_id):
            found[purpose_id] = found.get(purpose_id, True) and allowed
        return found

    def _said(self, choice: ConsentChoice, source_id: int) -> Iterator[tuple[int, bool]]:
        if choice.categories is not None:
            for name, purpose_id in self._pairs(source_id, CATEGORY):
                yield purpose_id, choice.categories.get(name, False)
        for purposes, features in zip(choice.tcf, choice.features, strict=True):
            for name, purpose_id in self._pairs(source_id, TCF):
                yield purpose_id, _is_in(name, purposes, features)
        for name, purpose_id in self._pairs(source_id, GPP):
            if name in choice.opt_outs:
                yield purpose_id, False

    def _pairs(self, source_id: int, signal: str) -> Iterator[tuple[str, int]]:
        for name, purposes in self._of(source_id, signal).items():
            for purpose_id in purposes:
                if purpose_id is not None:
                    yield name, purpose_id

    def _of(self, source_id: int, signal: str) -> Names:
        """The source's own, where it has any for the signal."""
        own = self._rows.get((source_id, signal))
        return own if own is not None else self._rows.get((None, signal), {})


def _is_in(name: str, purposes: IdSet, features: IdSet) -> bool:
    number = name.removeprefix(FEATURE)
    asked = features if name.startswith(FEATURE) else purposes
    return number.isdigit() and int(number) in asked
