"""Functions that take a whole month of `event` and `event_item` out, and drop it.

Detaching needs the parent's exclusive lock: it is waited for half a second, and whoever asked comes
again. The months keep their rows under another name until they are dropped, since what was derived
of them is set right first; a month of that name can be made again at once.
"""

from django.db import migrations

TAKE_OUT = """
CREATE OR REPLACE FUNCTION rapport_take_month_out(moment timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC'
SET lock_timeout = '500ms' AS $$
DECLARE
    parent text;
    part text;
    taken integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('rapport_make_month'));
    FOREACH parent IN ARRAY ARRAY['event', 'event_item'] LOOP
        part := parent || to_char(moment, '_YYYY_MM');
        CONTINUE WHEN NOT EXISTS (
            SELECT 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = format('public.%I', parent)::regclass AND c.relname = part);
        EXECUTE format('ALTER TABLE public.%I DETACH PARTITION public.%I', parent, part);
        EXECUTE format('ALTER TABLE public.%I RENAME TO %I', part,
                       parent || '_taken' || to_char(moment, '_YYYY_MM'));
        taken := taken + 1;
    END LOOP;
    RETURN taken;
END $$;
REVOKE ALL ON FUNCTION rapport_take_month_out(timestamptz) FROM PUBLIC;
"""
DROP_TAKEN = """
CREATE OR REPLACE FUNCTION rapport_drop_taken_month(moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC'
SET lock_timeout = '500ms' AS $$
DECLARE
    parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['event', 'event_item'] LOOP
        EXECUTE format('DROP TABLE IF EXISTS public.%I',
                       parent || '_taken' || to_char(moment, '_YYYY_MM'));
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION rapport_drop_taken_month(timestamptz) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    """Functions; reversible."""

    dependencies = [("profiles", "0005_usable_people")]

    operations = [
        migrations.RunSQL(TAKE_OUT, "DROP FUNCTION rapport_take_month_out(timestamptz)"),
        migrations.RunSQL(DROP_TAKEN, "DROP FUNCTION rapport_drop_taken_month(timestamptz)"),
    ]
