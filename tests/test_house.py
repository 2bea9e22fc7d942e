"""The rooms of the house: small enough to be seen at once, and one meaning for a class's name.

A room is a folder of modules (docs/architecture.md).
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("config", "profiles", "consent", "segments", "campaigns")
MOST_FILES = 15
# Names that Django looks for in every module of their kind.
SAID_BY_DJANGO = {"Command"}


def modules() -> Iterator[Path]:
    """Every file of ours that somebody wrote, from the root; migrations are made."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT)


@cache
def tree_of(path: Path) -> ast.Module:
    """What stands in a module, read once."""
    return ast.parse((ROOT / path).read_text())


def test_no_room_is_crowded():
    """Cut by subject what has more files than that (CONTRIBUTING.md, house rules)."""
    # what has no more than a docstring is no reason to look into it
    counts = Counter(str(path.parent) for path in modules() if lines_of(path) > 3)
    assert len(counts) > 80, "the rooms are not where this test looks for them"
    assert {room: n for room, n in counts.items() if n > MOST_FILES} == {}


def test_the_name_of_a_class_means_one_thing():
    """In two rooms, a class has two names. Who reads one in passing knows which is meant.

    The classes inside a class (`Segment.Status`, `Meta`) are read with the name of their owner.
    """
    rooms = defaultdict(set)
    for path in modules():
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                rooms[node.name].add(".".join(path.parent.parts[:2]))
    assert len(rooms) > 500, "the classes are not where this test looks for them"
    several = {name: sorted(found) for name, found in rooms.items() if len(found) > 1}
    assert set(several) - SAID_BY_DJANGO == set(), several


def test_rooms_do_not_go_round_in_circles():
    """Of two rooms one is below the other; a room and the rooms inside it may know each other."""
    known = {path: path.parent for path in modules()}
    knows = defaultdict(set)
    for path, room in known.items():
        for target in imported_by(path):
            other = known.get(target)
            if other and not other.is_relative_to(room) and not room.is_relative_to(other):
                knows[room].add(other)
    assert len(knows) > 60, "the imports are not where this test looks for them"
    rooms = dict(knows)
    while leaves := [room for room, below in rooms.items() if not below & rooms.keys()]:
        for room in leaves:
            del rooms[room]
    assert {
        str(room): sorted(map(str, below & rooms.keys())) for room, below in rooms.items()
    } == {}


def imported_by(path: Path) -> Iterator[Path]:
    """Modules of ours, those inside functions among them."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            inside = Path(*node.module.split("."))
            yield from (inside.with_suffix(".py"), inside / "__init__.py")
            for name in node.names:
                yield from (
                    (inside / name.name).with_suffix(".py"),
                    inside / name.name / "__init__.py",
                )


def lines_of(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())
