"""The catalogue is checked: one schema, fit for one server and for many."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from config.workspace.tables.schema import ProfileScoped

OURS = ("workspace", "profiles", "consent", "segments", "campaigns")
pytestmark = pytest.mark.django_db


def _rows(sql: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def profile_tables() -> set[str]:
    """Tables that have a `profile_id` and are not local queues or configuration."""
    return {m._meta.db_table for m in apps.get_models() if issubclass(m, ProfileScoped)}


def test_models_and_migrations_agree():
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    assert set(detector.changes(graph=loader.graph)) & set(OURS) == set()


def test_every_index_is_known_to_its_model():
    """By its name, or as the key or the index that a field makes."""
    models = apps.get_models(include_auto_created=True)
    named = {i.name for m in models for i in (*m._meta.indexes, *m._meta.constraints)}
    single = {
        (m._meta.db_table, f.column)
        for m in models
        for f in m._meta.local_concrete_fields
        if f.unique or f.db_index
    }
    together = {
        (m._meta.db_table, tuple(m._meta.get_field(name).column for name in names))
        for m in models
        for names in m._meta.unique_together
    }
    found = _rows(
        """SELECT i.relname::text, c.relname::text,
                  ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int[]) WITH ORDINALITY k(n, o)
                        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n ORDER BY k.o)
           FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
           JOIN pg_class i ON i.oid = x.indexrelid
           WHERE c.relnamespace = 'public'::regnamespace AND NOT x.indisprimary
             AND NOT c.relispartition AND c.relname <> 'django_migrations'"""
    )
    assert {"consent_entry_until", "event_by_name"} <= {name for name, *_ in found}
    unknown = [
        name
        for name, table, columns in found
        if name not in named
        and (table, columns[0]) not in single
        and (table, tuple(columns)) not in together
    ]
    assert unknown == []


def test_every_unique_key_of_a_profile_scoped_table_contains_the_profile():
    keys = _rows(
        """SELECT c.relname, i.relname,
                  ARRAY(SELECT a.attname FROM unnest(x.indkey::int[]) WITH ORDINALITY k(n, o)
                        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n
                        WHERE k.o <= x.indnkeyatts)
           FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
           JOIN pg_class i ON i.oid = x.indexrelid
           WHERE x.indisunique AND c.relname = ANY(%s)""",
        sorted(profile_tables()),
    )
    assert keys
    assert [(table, index) for table, index, columns in keys if "profile_id" not in columns] == []


def test_foreign_keys_between_profile_scoped_tables_go_through_the_profile():
    found = _rows(
        """SELECT k.conname, k.conrelid::regclass::text, k.confrelid::regclass::text,
                  ARRAY(SELECT attname FROM pg_attribute
                        WHERE attrelid = k.conrelid AND attnum = ANY(k.conkey))::text[]
           FROM pg_constraint k WHERE k.contype = 'f'"""
    )
    scoped = profile_tables() | {"profile"}
    through = [row for row in found if row[1] in scoped and row[2] in scoped]
    assert any(name == "message_permitted_by_entry" for name, *_ in through)
    assert [name for name, _, _, columns in through if "profile_id" not in columns] == []
    assert [name for name, table, to, _ in found if table == "event" and to == "profile"] == []
    # a key is looked up for each row: of what is written for many the one that proves something
    many = {"message", "enrolment", "contact_count"}
    assert [row[0] for row in found if row[1] in many] == ["message_permitted_by_entry"]


def test_no_triggers_of_ours_and_no_default_partition():
    triggers = _rows("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    assert triggers == []
    defaults = _rows(
        "SELECT partrelid::regclass::text FROM pg_partitioned_table WHERE partdefid <> 0"
    )
    assert defaults == []


def test_the_event_indexes_are_those_that_queries_rest_on():
    definitions = " ".join(
        row[0] for row in _rows("SELECT indexdef FROM pg_indexes WHERE tablename = 'event'")
    )
    for part in (
        "(name, occurred_at) INCLUDE (profile_id, value)",
        "(name, k1, occurred_at) INCLUDE (profile_id, value) WHERE (k1 IS NOT NULL)",
        "(profile_id, occurred_at, id) INCLUDE (name)",
    ):
        assert part in definitions
    assert " gin " not in definitions.lower()


def test_a_month_is_made_once_and_only_where_it_is_missing():
    made = [_rows("SELECT rapport_make_month('2019-03-31 23:59:59+00')")[0][0] for _ in range(2)]
    assert made == [2, 0]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event_item (profile_id, occurred_at, event_id, name, product_id,"
            " product_name, category, quantity)"
            " VALUES (1, '2019-03-31 23:59:59+00', 1, 'Order Completed', 'p', '', '', 1)"
        )


def test_every_key_is_a_bigint():
    small = _rows(
        """SELECT table_name, column_name FROM information_schema.columns
           WHERE table_schema = 'public' AND data_type = 'integer'
             AND (column_name = 'id' OR column_name LIKE '%%\\_id') AND table_name = ANY(%s)""",
        sorted(m._meta.db_table for a in OURS for m in apps.get_app_config(a).get_models()),
    )
    assert small == []


def test_the_application_may_not_change_the_ledgers():
    for table in ("consent_entry", "audit_entry"):
        rights = {
            right: _rows("SELECT has_table_privilege(%s, %s)", table, right)[0][0]
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
        }
        assert rights == {
            "SELECT": True,
            "INSERT": True,
            "UPDATE": False,
            "DELETE": False,
            "TRUNCATE": False,
        }


LOCKS = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b|\bFOR\s+(KEY\s+)?SHARE\b")
LOCKING = re.compile(r"\b(UPDATE|SHARE)\b|select_for_update")
READS = re.compile(r"\b(?:FROM|JOIN|UPDATE)\s+(\w+)")
# a few rows while merged people's events move, taken one by one and kept whole on every node
WHOLE_EVERYWHERE = {"alias_pending"}


def sources() -> list[Path]:
    found = [
        path
        for app in ("config", *OURS[1:])
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py")
        if "migrations" not in path.parts
    ]
    assert len(found) > 100
    return found


def text_of(node: ast.AST) -> str:
    """Of a string or an f-string, the parts that are written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return "".join(map(text_of, node.values)) if isinstance(node, ast.JoinedStr) else ""


def locked_tables(source: str) -> set[str]:
    """Tables named in statements that lock by a clause."""
    texts = [text_of(node) for node in ast.walk(ast.parse(source))]
    return {table for text in texts if LOCKS.search(text) for table in READS.findall(text)}


def sets_locked_by_the_orm(source: str) -> set[str]:
    """Models of whose rows more than one may be locked: neither `get` nor `first` follows."""
    tree = ast.parse(source)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "select_for_update":
            follows = []
            place: ast.AST = node
            while isinstance(above[place], ast.Attribute | ast.Call):
                place = above[place]
                follows.append(getattr(place, "attr", ""))
            if not {"get", "first"} & set(follows):
                found |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    return found


def test_sets_of_rows_of_people_are_locked_as_a_cluster_takes_it_as_well():
    ours = profile_tables() | {"profile", "message_reference"}
    models = {m.__name__ for m in apps.get_models() if m._meta.db_table in ours}
    assert locked_tables('X = f"SELECT 1 FROM message m {a} FOR NO KEY UPDATE OF m"') & ours
    assert sets_locked_by_the_orm("list(Message.objects.select_for_update())") & models
    found = {}
    for path in sources():
        source = path.read_text()
        if not LOCKING.search(source):  # most of them, which need not be parsed
            continue
        tables = locked_tables(source) & ours - WHOLE_EVERYWHERE
        names = sets_locked_by_the_orm(source) & models
        if tables or names:
            found[str(path)] = tables | names
    assert found == {}
