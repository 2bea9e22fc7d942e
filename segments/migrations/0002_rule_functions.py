"""What compiled rules call."""

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
# as rapport_time(value), but a date without a time begins when it does in `zone`
TIME_IN_ZONE = """
CREATE FUNCTION rapport_time(value text, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT CASE WHEN length(value) = 10 THEN (rapport_time(value) AT TIME ZONE 'UTC') AT TIME ZONE zone
  ELSE rapport_time(value) END
$$
"""
# The day of a text in `zone`. A date is that day anywhere, and so is midnight in UTC, as which
# programs write dates: a birthday must not move because somebody lives west of Greenwich.
DAY = r"""
CREATE FUNCTION rapport_day(value text, zone text) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT (rapport_time(value) AT TIME ZONE
  CASE WHEN value ~ '^.{10}([T ]00:00(:00([.,]0+)?)?(Z|[+-]00:?00)?)?$' THEN 'UTC' ELSE zone END)::date
$$
"""


class Migration(migrations.Migration):
    """Four functions; reversible."""

    dependencies = [("segments", "0001_tables")]

    operations = [
        migrations.RunSQL(TIME, "DROP FUNCTION rapport_time(text)"),
        migrations.RunSQL(ANNIVERSARY, "DROP FUNCTION rapport_anniversary(date, date)"),
        migrations.RunSQL(TIME_IN_ZONE, "DROP FUNCTION rapport_time(text, text)"),
        migrations.RunSQL(DAY, "DROP FUNCTION rapport_day(text, text)"),
    ]
