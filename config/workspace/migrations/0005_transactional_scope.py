"""Keys that could send service messages by `messages.send` go on: it is a scope of its own now."""

from django.db import migrations

ADD = """
UPDATE api_key SET scopes = array_append(scopes, 'messages.transactional')
WHERE 'messages.send' = ANY(scopes) AND NOT scopes && ARRAY['messages.transactional']::varchar[]
"""
TAKE = "UPDATE api_key SET scopes = array_remove(scopes, 'messages.transactional')"


class Migration(migrations.Migration):
    """Data only; `messages` and `all` hold it by themselves."""

    dependencies = [("workspace", "0004_analyse")]

    operations = [migrations.RunSQL(ADD, TAKE)]
