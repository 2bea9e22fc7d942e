"""Servers of others that are left alone for a while."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One small table."""

    dependencies = [
        ("workspace", "0007_forget_axes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Circuit",
            fields=[
                ("server", models.CharField(max_length=300, primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=20)),
                ("reason", models.TextField()),
                ("failures", models.IntegerField()),
                ("opened_at", models.DateTimeField()),
                ("retry_at", models.DateTimeField()),
            ],
            options={
                "db_table": "circuit",
            },
        ),
    ]
