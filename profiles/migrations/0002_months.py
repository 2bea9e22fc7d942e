"""The function that makes a missing month of `event` and `event_item`, and this year's months."""

from datetime import UTC, datetime

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MAKE_MONTH = """
CREATE OR REPLACE FUNCTION rapport_make_month(moment timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
    first date := date_trunc('month', moment)::date;
    next date := (first + interval '1 month')::date;
    parent text;
    part text;
    made integer := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['event', 'event_item'] LOOP
        part := parent || to_char(first, '_YYYY_MM');
        -- pg_class by SELECT: to_regclass() would keep a negative cache entry past the lock
        IF EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relname = part AND n.nspname = 'public') THEN
            CONTINUE;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('rapport_make_month'));
        IF EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relname = part AND n.nspname = 'public') THEN
            CONTINUE;
        END IF;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL EXCLUDING IDENTITY)',
                       part, parent);
        -- frequent insert vacuum keeps index-only scans index-only
        EXECUTE format('ALTER TABLE public.%I SET (autovacuum_vacuum_insert_scale_factor = 0.02,'
                       ' autovacuum_analyze_scale_factor = 0.05)', part);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I'
                       ' FOR VALUES FROM (%L) TO (%L)',
                       parent, part, first || ' 00:00+00', next || ' 00:00+00');
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION rapport_make_month(timestamptz) FROM PUBLIC;
"""


def make_current_month(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The writer makes every other month when it first meets it."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT rapport_make_month(%s)", [datetime.now(UTC)])


class Migration(migrations.Migration):
    """Months; reversible."""

    dependencies = [("profiles", "0001_tables")]

    operations = [
        migrations.RunSQL(MAKE_MONTH, "DROP FUNCTION rapport_make_month(timestamptz)"),
        migrations.RunPython(make_current_month, migrations.RunPython.noop),
    ]
