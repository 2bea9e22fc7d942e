"""A function by which the role of the application may analyse the owner's tables.

ANALYZE asks for ownership (or, from PostgreSQL 17 on, for MAINTAIN). Only tables of our schema are
taken, only those that grew by a fifth since the last time, and no lock is waited for: whoever holds
it is analysing the table already, or changes it.
"""

from django.db import migrations

ANALYSE = """
CREATE FUNCTION rapport_analyse(names text[]) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
SET lock_timeout = '200ms' AS $$
DECLARE
    one text;
    done text[] := '{}';
BEGIN
    FOR one IN
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
          AND pg_has_role(current_user, c.relowner, 'USAGE')
          AND (c.relname = ANY(names) OR EXISTS (
               SELECT 1 FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
               WHERE i.inhrelid = c.oid AND p.relname = ANY(names)))
          AND (c.reltuples < 0 AND pg_relation_size(c.oid) > 0
               OR pg_relation_size(c.oid) > 1.2 * 8192 * c.relpages + 65536)
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('ANALYZE public.%I', one);
            done := done || one;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            NULL;
        END;
    END LOOP;
    RETURN done;
END $$;
REVOKE ALL ON FUNCTION rapport_analyse(text[]) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    """One function; the rights come from `roles.grant`, as those of every function do."""

    replaces = [("workspace", "0004_analyse")]
    dependencies = [("workspace", "0002_workspace_row")]

    operations = [migrations.RunSQL(ANALYSE, "DROP FUNCTION rapport_analyse(text[])")]
