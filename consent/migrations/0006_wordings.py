"""What people are asked in, in words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A new table; nothing to fill."""

    dependencies = [
        ("consent", "0005_opendsr"),
    ]

    operations = [
        migrations.CreateModel(
            name="Wording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=60, verbose_name="form")),
                ("language", models.CharField(max_length=35, verbose_name="language")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("parts", models.JSONField(verbose_name="texts")),
                ("actor", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="since")),
            ],
            options={
                "verbose_name": "wording",
                "verbose_name_plural": "wordings",
                "db_table": "wording",
                "ordering": ["key", "language", "-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "language", "version"), name="wording_once"
                    )
                ],
            },
        ),
    ]
