"""The banner that a site shows of ours."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A new table; nothing to fill."""

    dependencies = [
        ("consent", "0016_own_limit"),
        ("profiles", "0005_usable_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Banner",
            fields=[
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="banner",
                        serialize=False,
                        to="profiles.source",
                    ),
                ),
                ("is_on", models.BooleanField(default=False, verbose_name="shown")),
                (
                    "purposes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(max_length=60),
                        size=None,
                        verbose_name="purposes",
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[
                            ("bottom", "Along the bottom"),
                            ("corner", "In the corner"),
                            ("center", "In the middle, over the page"),
                        ],
                        default="bottom",
                        max_length=10,
                        verbose_name="place",
                    ),
                ),
                (
                    "accent",
                    models.CharField(
                        default="#0f6a88", max_length=7, verbose_name="colour on light"
                    ),
                ),
                (
                    "accent_dark",
                    models.CharField(
                        default="#55b5d2", max_length=7, verbose_name="colour on dark"
                    ),
                ),
                (
                    "months",
                    models.PositiveSmallIntegerField(
                        default=6, verbose_name="ask again after, in months"
                    ),
                ),
                (
                    "privacy_url",
                    models.URLField(blank=True, default="", verbose_name="privacy notice"),
                ),
            ],
            options={
                "verbose_name": "banner",
                "verbose_name_plural": "banners",
                "db_table": "banner",
            },
        ),
    ]
