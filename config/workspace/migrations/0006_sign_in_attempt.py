"""Failed log-ins by name and address, and the end of all sessions of a user."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A local table, and a number on each user."""

    dependencies = [
        ("workspace", "0005_transactional_scope"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="sessions_ended",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.CreateModel(
            name="SignInAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("digest", models.BinaryField(max_length=16)),
                ("failures", models.IntegerField()),
                ("since", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("succeeded_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "sign_in_attempt",
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "digest"), name="sign_in_attempt_once")
                ],
            },
        ),
    ]
