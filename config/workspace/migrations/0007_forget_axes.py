"""Log-in attempts are ours to count now; the former package kept names, addresses and browsers."""

from django.db import migrations

FORGET = """
DROP TABLE IF EXISTS axes_accessattemptexpiration, axes_accessattempt, axes_accessfailurelog,
                     axes_accesslog CASCADE;
DELETE FROM auth_permission WHERE content_type_id IN (
    SELECT id FROM django_content_type WHERE app_label = 'axes');
DELETE FROM django_content_type WHERE app_label = 'axes';
DELETE FROM django_migrations WHERE app = 'axes';
"""


class Migration(migrations.Migration):
    """Not reversible: what it kept is gone, and nothing reads it."""

    dependencies = [
        ("workspace", "0006_sign_in_attempt"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
