"""Numbers that came as texts, for compiled rules."""

from django.db import migrations

# The number of a text such as "19.90", as ingest reads one; NULL where it is none: a cast would end
# the whole query.
NUMBER = r"""
CREATE FUNCTION rapport_number(value text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN length(value) <= 40 AND value ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$'
  THEN value::numeric END
$$
"""


class Migration(migrations.Migration):
    """One function; reversible."""

    dependencies = [("segments", "0003_version_moves")]

    operations = [migrations.RunSQL(NUMBER, "DROP FUNCTION rapport_number(text)")]
