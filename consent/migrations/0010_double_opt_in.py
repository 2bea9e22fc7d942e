"""Double opt-in: a purpose asks for it, and what was asked waits for its answer."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    """Columns and tables."""

    dependencies = [
        ("consent", "0009_proof_and_letters"),
        ("profiles", "0005_usable_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="purpose",
            name="confirm_days",
            field=models.PositiveSmallIntegerField(
                default=7,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(60),
                ],
                verbose_name="the link holds for (days)",
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="double_opt_in",
            field=models.BooleanField(
                default=False,
                help_text="A permission by mail counts once a link in a mail was confirmed.",
                verbose_name="double opt-in",
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="remind_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Empty: nobody is reminded.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(60),
                ],
                verbose_name="remind once after (days)",
            ),
        ),
        migrations.CreateModel(
            name="UnaskedCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("reason", models.CharField(max_length=30)),
                ("n", models.PositiveIntegerField(default=0)),
            ],
            options={
                "db_table": "unasked_count",
                "constraints": [
                    models.UniqueConstraint(fields=("day", "reason"), name="unasked_count_once")
                ],
            },
        ),
        CreateProfileTable(
            name="Confirmation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("channel", models.TextField()),
                ("contact_point", models.TextField()),
                ("digest", models.BinaryField(max_length=16)),
                ("caller", models.BinaryField(max_length=16, null=True)),
                ("entry_id", models.BigIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("remind_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "Waiting"),
                            ("confirmed", "Confirmed"),
                            ("refused", "Refused"),
                            ("expired", "Expired"),
                        ],
                        default="",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.profile",
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="consent.purpose",
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="consent.topic",
                    ),
                ),
                (
                    "wording",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="consent.wording",
                    ),
                ),
            ],
            key=("profile_id", "id"),
            options={
                "verbose_name": "double opt-in",
                "verbose_name_plural": "double opt-ins",
                "db_table": "confirmation",
                "indexes": [
                    models.Index(fields=["digest", "asked_at"], name="confirmation_by_digest"),
                    models.Index(fields=["caller", "asked_at"], name="confirmation_by_caller"),
                    models.Index(
                        condition=models.Q(("answered_at", None)),
                        fields=["expires_at"],
                        name="confirmation_waiting",
                    ),
                    models.Index(fields=["asked_at"], name="confirmation_by_age"),
                ],
            },
        ),
    ]
