"""Days in rules are the workspace's: what a text of a date means depends on the time zone."""

from django.db import migrations, models

# as rapport_time(value), but a date without a time begins when it does in `zone`
TIME = """
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
    """Two functions, and by which zone and country each segment was counted; reversible."""

    dependencies = [("segments", "0005_recount_by_spelling")]

    operations = [
        migrations.RunSQL(TIME, "DROP FUNCTION rapport_time(text, text)"),
        migrations.RunSQL(DAY, "DROP FUNCTION rapport_day(text, text)"),
        migrations.AddField(
            model_name="segment",
            name="counted_in",
            field=models.CharField(default="", max_length=80),
        ),
    ]
