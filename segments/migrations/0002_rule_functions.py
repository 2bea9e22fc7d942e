"""What compiled rules call, and the index that makes "nobody erased" cost nothing."""

from django.db import migrations

# An ISO date or time, or NULL: a cast would end the whole query at the first 2026-02-31.
TIME = r"""
CREATE OR REPLACE FUNCTION rapport_time(value text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT CASE WHEN value ~ '^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?(Z|[+-](0\d|1[0-4]):?[0-5]\d)?)?$'
  AND substr(value, 9, 2)::int <= extract(day FROM
      make_date(substr(value, 1, 4)::int, substr(value, 6, 2)::int, 1) + interval '1 month - 1 day')
THEN (CASE WHEN length(value) > 10 AND value ~ '(Z|[+-]\d\d:?\d\d)$' THEN replace(value, ',', '.')
  ELSE replace(value, ',', '.') || CASE WHEN length(value) = 10 THEN ' 00:00Z' ELSE 'Z' END END)::timestamptz
END
$$
"""
# The next time that the day of `born` comes round, `today` included; 29 February falls on the 28th.
ANNIVERSARY = """
CREATE OR REPLACE FUNCTION rapport_anniversary(born date, today date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN this >= today THEN this ELSE (born + make_interval(years => years + 1))::date END
FROM (SELECT years, (born + make_interval(years => years))::date AS this
      FROM (SELECT (extract(year FROM today) - extract(year FROM born))::int AS years) y) t
$$
"""


class Migration(migrations.Migration):
    """Two functions and a partial index; reversible."""

    dependencies = [("segments", "0001_initial"), ("profiles", "0001_initial")]

    operations = [
        migrations.RunSQL(TIME, "DROP FUNCTION rapport_time(text)"),
        migrations.RunSQL(ANNIVERSARY, "DROP FUNCTION rapport_anniversary(date, date)"),
        migrations.RunSQL(
            "CREATE INDEX profile_erased ON profile (id) WHERE state = 'erased'",
            "DROP INDEX profile_erased",
        ),
    ]
