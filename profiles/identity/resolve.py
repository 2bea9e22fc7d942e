"""Who is it? The rules of identity, over a batch, without a database.

For each message: no match makes a person, one match takes the new
identifiers in, several become one where no limit breaks. On a breach the message's lowest-priority
identifier is dropped and it is tried again, so that a message always finds its person.

A public key proves nothing: an identifier is proven when a source of ours named it
together with what is proven of that person, or of a person of whom nothing was proven before. Where
a source of ours names what only a public key gave to a person, and nothing that is proven of them,
it is taken out again (`_claim`); and what is proven is never left out for want of room that what is
not takes up (`_make_room`): that becomes a person of its own.

Identifiers are (kind, normalised value). People are numbers: those of the database are positive,
those made here negative.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from profiles.identifiers.kinds import (
    DEVICE_KINDS,
    KNOWN_KINDS,
    MAX_IDENTIFIERS,
    MAX_MERGES,
    PROFILE_KIND,
    Rules,
)

Key = tuple[str, str]
NEW = 2**63  # the age of what is not in the database yet


def is_device(key: Key) -> bool:
    """Whether it says which device it is, and nothing of who uses it."""
    return key[0] in DEVICE_KINDS


@dataclass
class KnownPerson:
    """What decides about limits: the identifiers, and how many merges there were."""

    keys: set[Key] = field(default_factory=set)
    merges: int = 0

    @property
    def is_known(self) -> bool:
        """Whether a user id, address or number is there; else an anonymous visitor."""
        return any(kind in KNOWN_KINDS for kind, _ in self.keys)


@dataclass(frozen=True)
class Join:
    """Two people of the database found to be one; `key` and `other` are the evidence."""

    survivor: int
    absorbed: int
    key: Key
    other: Key
    rule: str
    message_id: str = ""


@dataclass(frozen=True)
class Attach:
    """What a person took in by an identifier that another may have as well (`attaching`)."""

    via: Key
    fresh: tuple[Key, ...]  # a person's own: no devices
    held: frozenset[Key]  # by the person before
    kinds: tuple[str, ...]  # of `fresh`, those of which there was one before


# whoever has this is this very person
OWN_KINDS = frozenset({PROFILE_KIND, "user_id"})


@dataclass
class Resolver:
    """Holds the state of a batch: who owns what, and who has been found to be one."""

    rules: Rules
    owners: dict[Key, int]  # of identifiers in the database
    people: dict[int, KnownPerson]  # of the database, with all their identifiers
    joins: list[Join] = field(default_factory=list)
    attached: dict[Key, int] = field(default_factory=dict)  # new identifiers -> person
    attach: Attach | None = None  # of the message resolved last, where it may be another's
    # identifiers verified as their owner's; None: everybody's word is taken for it
    proven: set[Key] | None = None
    ages: Mapping[Key, int] = field(default_factory=dict)  # the older, the smaller
    # identifiers of the database that are another person's now, and whose they were
    moved: dict[Key, int] = field(default_factory=dict)
    dropped: tuple[Key, ...] = ()  # of the message resolved last, what is not its person's
    sent_away: list[Key] = field(default_factory=list)  # for the message resolved last
    _same: dict[int, int] = field(default_factory=dict)
    _made: int = 0
    _message_id: str = ""

    def resolve(self, keys: Sequence[Key], *, verified: bool, message_id: str = "") -> Key:
        """The identifier that the message is attributed to. `keys` by priority, at least one.

        `verified` says that the source's word may join two known people.
        """
        tried, dropped = list(keys), []
        self._message_id, self.attach, self.sent_away = message_id, None, []
        if verified:
            self._claim(tried)
        while not self._try(tried, verified):
            dropped.append(tried.pop())
        if verified and self.proven is not None and not all(map(is_device, tried)):
            self.proven.update(tried)
        self.dropped = ()
        if dropped:
            self._take_back(dropped, tried[0], verified)
            self.dropped = tuple(self._not_of(self.person_of(tried[0]), dropped))
        return tried[0]

    def _claim(self, keys: Sequence[Key]) -> None:
        """A word of ours takes identifiers out of people to whom only a public key gave them.

        Not where it names something that is proven of the person, too, or where nothing is: then it
        is the first to prove who that is.
        """
        if self.proven is None or self.proven.issuperset(keys):
            return
        named: dict[int, list[Key]] = defaultdict(list)
        for key in keys:
            owner = None if is_device(key) or key[0] == PROFILE_KIND else self._owner(key)
            if owner is not None:
                named[self._find(owner)].append(key)
        for person, own in named.items():
            if self.proven.isdisjoint(own) and self._is_proven(person):
                for key in own:
                    self._take_out(key)

    def _is_proven(self, person: int) -> bool:
        """Whether anything that says who it is was proven of this person."""
        keys = self.people[person].keys if person in self.people else ()
        return any(key in (self.proven or ()) and not is_device(key) for key in keys)

    def _take_out(self, key: Key) -> None:
        """Make this identifier nobody's."""
        person = self._find(self._owner(key) or 0)
        self.people[person].keys.discard(key)
        self.attached.pop(key, None)
        owner = self.owners.pop(key, None)
        if owner is not None:
            self.moved.setdefault(key, owner)

    def _send_away(self, key: Key) -> None:
        """Make this identifier a person of its own."""
        self._take_out(key)
        self._create([key])
        self.sent_away.append(key)

    def _not_of(self, person: int, dropped: Sequence[Key]) -> Iterator[Key]:
        """Those of `dropped` that are not this person's; what was moved has to be somebody's."""
        for key in dropped:
            owner = self._owner(key)
            if owner is None and key in self.moved:
                self._send_away(key)
            if owner is None or self._find(owner) != person:
                yield key

    def _take_back(self, dropped: Sequence[Key], key: Key, verified: bool) -> None:
        """What was dropped for another's sake and is nobody's belongs to whom `key` leads to.

        A new device of a call whose address is another's would else be nobody's for good.
        """
        for other in reversed(dropped):
            owner = self._owner(key) or 0
            if self._owner(other) is None and self.fits(
                [self._find(owner)], [other], verified=verified
            ):
                self._attach(other, owner)

    def promise(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Hold these for one already, as far as they may be: their merge is written down."""
        for pair in pairs:
            one, other = map(self._find, pair)
            if one != other and self.fits([one, other], [], verified=True):
                self._hold_for_one(*self._oldest(one, other))

    def person_of(self, key: Key) -> int:
        """The person who owns this identifier after all that was resolved so far."""
        return self._find(self._owner(key) or 0)

    def root(self, person: int) -> int:
        """Who this person is one with."""
        return self._find(person)

    def home(self, person: int) -> int:
        """Under whom new identifiers of this person are kept: the first person of the database.

        Not `root`: people of the database who are found to be one are merged later, by evidence
        that has to lead to both of them until then.
        """
        while person < 0 and person in self._same:
            person = self._same[person]
        return person

    def _owner(self, key: Key) -> int | None:
        return self.owners.get(key) or self.attached.get(key)

    def _find(self, person: int) -> int:
        while (up := self._same.get(person, person)) != person:
            person = up
        return person

    def _try(self, keys: list[Key], verified: bool) -> bool:
        owned: dict[int, Key] = {}
        fresh: list[Key] = []
        for key in keys:
            owner = self._owner(key)
            if owner is None:
                fresh.append(key)
            else:
                owned.setdefault(self._find(owner), key)
        if not owned:
            return self._create(fresh)
        people = list(owned)
        unchanged = len(people) == 1 and not fresh
        if not unchanged and not self.fits(people, fresh, verified=verified):
            if verified and self.proven is not None and self._make_room(people, keys):
                return self._try(keys, verified)
            return False
        if len(people) > 1 and not self._is_evidence(owned):
            return False
        self._unite(people, owned)
        owner = self._owner(owned[people[0]]) or 0
        if len(people) == 1:
            self._note(people[0], owned[people[0]], fresh)
        for key in fresh:
            self._attach(key, owner)
        return True

    def _note(self, person: int, via: Key, fresh: Sequence[Key]) -> None:
        own = tuple(key for key in fresh if key[0] not in DEVICE_KINDS)
        if own and via[0] not in OWN_KINDS:
            held = frozenset(self.people[person].keys)
            before = {kind for kind, _ in held} & KNOWN_KINDS
            kinds = sorted({kind for kind, _ in own} & before)
            self.attach = Attach(via, own, held, tuple(kinds))

    def _create(self, keys: list[Key]) -> bool:
        counts = Counter(kind for kind, _ in keys)
        if any(n > self.rules.limit(kind) for kind, n in counts.items()):
            return False
        self._made -= 1
        self.people[self._made] = KnownPerson()
        for key in keys:
            self._attach(key, self._made)
        return True

    def _attach(self, key: Key, person: int) -> None:
        self.attached[key] = person
        self.people[self._find(person)].keys.add(key)

    def fits(self, people: Sequence[int], fresh: Sequence[Key], *, verified: bool) -> bool:
        """Whether these people may be one, and take these new identifiers in."""
        known = [person for person in people if self.people[person].is_known]
        if len(known) > 1 and not verified:
            return False
        if len(people) > 1 and self._too_many_merges(people):
            return False
        keys = set(fresh).union(*(self.people[person].keys for person in people))
        counts = Counter(kind for kind, _ in keys)
        changed = {kind for kind, _ in fresh} if len(people) == 1 else counts
        if len(keys) > MAX_IDENTIFIERS and (fresh or len(people) > 1):
            return False
        return all(counts[kind] <= self.rules.limit(kind) for kind in changed)

    def _make_room(self, people: Sequence[int], keys: Sequence[Key]) -> bool:
        """Send away what only a public key gave, where it takes the place of what `keys` names.

        Of several people those of whom nothing is proven give only what is named, and stay apart
        with the rest. Of too many of a kind the oldest go. False where nothing can be done.
        """
        first = next(filter(self._is_proven, people), people[0])
        for person in people:
            own = [k for k in keys if k in self.people[person].keys and not is_device(k)]
            if own and person != first and not self._is_proven(person):
                for key in own:
                    self._take_out(key)
                return True
        if len(people) > 1 and self._too_many_merges(people):
            return False
        held = set(keys).union(*(self.people[person].keys for person in people))
        proven = (self.proven or set()).union(keys)
        spare = sorted(held - proven, key=lambda key: (self.ages.get(key, NEW), key))
        out = self._superfluous(held, spare)
        for key in out:
            self._send_away(key)
        return bool(out)

    def _superfluous(self, held: Set[Key], spare: Sequence[Key]) -> list[Key]:
        """The fewest of `spare` without which `held` is within limits; [] where none will do."""
        counts = Counter(kind for kind, _ in held)
        out: list[Key] = []
        for kind, count in sorted(counts.items()):
            over = max(count - self.rules.limit(kind), 0)
            found = [key for key in spare if key[0] == kind][:over]
            if len(found) < over:
                return []
            out += found
        rest = [key for key in spare if key not in out]
        over = max(len(held) - len(out) - MAX_IDENTIFIERS, 0)
        return [] if len(rest) < over else out + rest[:over]

    def _is_evidence(self, owned: Mapping[int, Key]) -> bool:
        """Whether known people are named by more than a device that only a browser gave them.

        Else who plants a device on somebody by the public key, then logs in on it as another,
        would be joined to them by our own server's word.
        """
        known = [key for person, key in owned.items() if self.people[person].is_known]
        return len(known) < 2 or all(map(self._proves, known))  # noqa: PLR2004 - two people

    def _proves(self, key: Key) -> bool:
        return key[0] in KNOWN_KINDS or self.proven is None or key in self.proven

    def _too_many_merges(self, people: Sequence[int]) -> bool:
        real = [person for person in people if person > 0]
        merges = sum(self.people[person].merges for person in real)
        return len(real) > 1 and merges + len(real) - 1 > MAX_MERGES

    def _unite(self, people: list[int], evidence: Mapping[int, Key]) -> None:
        first = people[0]
        for other in people[1:]:
            survivor, absorbed = self._oldest(self._find(first), other)
            if survivor > 0 and absorbed > 0:
                rule = f"{evidence[first][0]} with {evidence[other][0]}"
                one, two = evidence[first], evidence[other]
                self.joins.append(Join(survivor, absorbed, one, two, rule[:60], self._message_id))
            self._hold_for_one(survivor, absorbed)

    def _hold_for_one(self, survivor: int, absorbed: int) -> None:
        if survivor > 0 and absorbed > 0:
            self.people[survivor].merges += self.people[absorbed].merges + 1
        self._same[absorbed] = survivor
        self.people[survivor].keys |= self.people[absorbed].keys

    def _oldest(self, one: int, other: int) -> tuple[int, int]:
        """Survivor first: known before anonymous, of the database before new, then the oldest."""

        def order(person: int) -> tuple[bool, bool, int]:
            return person < 0, not self.people[person].is_known, abs(person)

        return (one, other) if order(one) < order(other) else (other, one)


def groups(resolver: Resolver, keys: Iterable[Key]) -> dict[int, list[Key]]:
    """The identifiers of each person."""
    found: dict[int, list[Key]] = defaultdict(list)
    for key in keys:
        found[resolver.person_of(key)].append(key)
    return dict(found)
