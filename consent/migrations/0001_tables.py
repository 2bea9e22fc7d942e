"""Every table of the app, as its models say it.

`replaces` names what a database of before this file has applied: it goes on as it is.
"""

import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.lookups
from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("consent", "0001_initial"),
        ("consent", "0003_look_ups"),
        ("consent", "0004_archived"),
        ("consent", "0005_proven_addresses"),
        ("consent", "0006_unproven_claims"),
        ("consent", "0007_wording_and_chain"),
    ]

    dependencies = [
        ("profiles", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("type", models.CharField(max_length=30)),
                ("regulation", models.CharField(max_length=20)),
                ("status", models.CharField(default="pending", max_length=20)),
                ("profile_id", models.BigIntegerField(db_index=True, null=True)),
                ("identities", models.JSONField(default=list)),
                ("received_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField(null=True)),
                ("result", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "privacy request",
                "verbose_name_plural": "privacy requests",
                "db_table": "privacy_request",
            },
        ),
        migrations.CreateModel(
            name="Purpose",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="slug")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "purpose_class",
                    models.CharField(
                        choices=[
                            ("marketing", "Marketing"),
                            ("transactional", "Transactional"),
                            ("processing", "Processing"),
                        ],
                        db_column="class",
                        max_length=14,
                        verbose_name="class",
                    ),
                ),
                ("is_ready_made", models.BooleanField(default=False, editable=False)),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived"),
                ),
                ("position", models.SmallIntegerField(default=0)),
            ],
            options={
                "verbose_name": "purpose",
                "verbose_name_plural": "purposes",
                "db_table": "purpose",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=10, verbose_name="kind")),
                ("digest", models.BinaryField(max_length=16)),
                ("hint", models.CharField(max_length=120, verbose_name="address")),
                (
                    "level",
                    models.CharField(
                        choices=[("all", "Everything stops"), ("marketing", "Marketing stops")],
                        max_length=10,
                        verbose_name="level",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("hard_bounce", "Hard bounce"),
                            ("invalid", "Invalid address"),
                            ("complaint", "Complaint"),
                            ("unsubscribe", "Unsubscribed"),
                            ("manual", "By hand"),
                        ],
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                ("detail", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="since")),
            ],
            options={
                "verbose_name": "suppression",
                "verbose_name_plural": "suppressions",
                "db_table": "suppression",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "digest", "level"), name="suppression_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="slug")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived"),
                ),
                ("position", models.SmallIntegerField(default=0)),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="topics",
                        to="consent.purpose",
                    ),
                ),
            ],
            options={
                "verbose_name": "topic",
                "verbose_name_plural": "topics",
                "db_table": "topic",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=6)),
                ("channel", models.CharField(max_length=10)),
                ("accepted_bases", models.JSONField(default=list)),
                ("rules", models.JSONField(default=dict)),
                ("source", models.TextField(blank=True)),
                ("version", models.IntegerField(default=1)),
                ("valid_from", models.DateTimeField(auto_now_add=True)),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="consent.purpose"
                    ),
                ),
            ],
            options={
                "db_table": "policy",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("country", "channel", "purpose", "version"), name="policy_once"
                    )
                ],
            },
        ),
        CreateProfileTable(
            name="ConsentState",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("contact_point", models.TextField(blank=True, default="")),
                ("channel", models.TextField()),
                ("topic_key", models.BigIntegerField(default=0)),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("granted", "Granted"),
                            ("denied", "Denied"),
                            ("pending", "Pending"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                        ]
                    ),
                ),
                (
                    "basis",
                    models.TextField(
                        choices=[
                            ("consent", "Consent"),
                            ("soft_opt_in", "Soft opt-in"),
                            ("contract", "Contract"),
                            ("legitimate_interest", "Legitimate interest"),
                            ("legal_obligation", "Legal obligation"),
                        ]
                    ),
                ),
                ("source_id", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("entry_id", models.BigIntegerField()),
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
            ],
            options={
                "verbose_name": "permission",
                "verbose_name_plural": "permissions",
                "db_table": "consent_state",
                "indexes": [
                    models.Index(
                        fields=["purpose", "channel", "status", "topic_key"],
                        include=("profile_id", "contact_point"),
                        name="consent_state_by_status",
                    ),
                    models.Index(
                        condition=models.Q(("contact_point", ""), _negated=True),
                        fields=["contact_point"],
                        name="consent_state_by_point",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("profile", "purpose", "channel", "contact_point", "topic_key"),
                        name="consent_state_once",
                    )
                ],
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
        CreateProfileTable(
            name="ConsentEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("contact_point", models.TextField(blank=True, default="")),
                ("channel", models.TextField()),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("granted", "Granted"),
                            ("denied", "Denied"),
                            ("pending", "Pending"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                        ]
                    ),
                ),
                (
                    "basis",
                    models.TextField(
                        choices=[
                            ("consent", "Consent"),
                            ("soft_opt_in", "Soft opt-in"),
                            ("contract", "Contract"),
                            ("legitimate_interest", "Legitimate interest"),
                            ("legal_obligation", "Legal obligation"),
                        ]
                    ),
                ),
                (
                    "outcome",
                    models.TextField(
                        choices=[
                            ("recorded", "Recorded"),
                            ("withdrawal_stands", "Withdrawal stands"),
                            ("unproven", "Unproven"),
                        ],
                        default="recorded",
                    ),
                ),
                (
                    "permits",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                models.Q(("status", "granted"), ("outcome", "recorded")),
                                then=models.Value(True),
                            ),
                            default=models.Value(False),
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
                ("actor", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("evidence", models.JSONField(default=dict)),
                ("cites_id", models.BigIntegerField(null=True)),
                ("wording", models.TextField(blank=True, db_default="", default="")),
                ("language", models.TextField(blank=True, db_default="", default="")),
                ("digest", models.BinaryField(max_length=32, null=True)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="profiles.profile",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="profiles.source",
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
            ],
            options={
                "verbose_name": "permission entry",
                "verbose_name_plural": "permission history",
                "db_table": "consent_entry",
                "ordering": ["-at", "-id"],
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["id"], name="consent_entry_in_order"
                    ),
                    models.Index(
                        fields=["profile", "purpose", "channel"], name="consent_entry_by_permission"
                    ),
                    models.Index(
                        django.db.models.fields.json.KeyTextTransform("until", "evidence"),
                        condition=models.Q(
                            django.db.models.lookups.IsNull(
                                django.db.models.fields.json.KeyTextTransform("until", "evidence"),
                                False,
                            )
                        ),
                        name="consent_entry_until",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("profile", "id", "permits"), name="consent_entry_permits"
                    )
                ],
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
    ]
