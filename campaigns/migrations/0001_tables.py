"""Every table of the app, as its models say it.

`replaces` names what a database of before this file has applied: it goes on as it is.
"""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("campaigns", "0001_initial"),
        ("campaigns", "0003_forget_tests"),
        ("campaigns", "0004_orders_with_their_reversals"),
        ("campaigns", "0005_campaign_fault"),
        ("campaigns", "0006_sender_archived"),
        ("campaigns", "0007_campaign_revision"),
        ("campaigns", "0008_settle_the_stranded"),
        ("campaigns", "0009_bound_revenue"),
        ("campaigns", "0010_handing_over_index"),
        ("campaigns", "0011_whose"),
        ("campaigns", "0012_keys_that_prove_nothing"),
        ("campaigns", "0013_excluded_count"),
        ("campaigns", "0014_contact_count_by_day"),
        ("campaigns", "0015_message_reference"),
        ("campaigns", "0016_chunk_pace"),
        ("campaigns", "0017_once_without_enrolment"),
        ("campaigns", "0018_counts_by_tag"),
        ("campaigns", "0019_count_key_by_tag"),
        ("campaigns", "0020_transitions"),
        ("campaigns", "0021_next_version"),
    ]

    dependencies = [
        ("consent", "0001_tables"),
        ("profiles", "0001_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=80, unique=True, verbose_name="slug")),
                ("name", models.CharField(max_length=300, verbose_name="name")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("scheduled", "Scheduled"),
                            ("held", "Held for undo"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("finished", "Finished"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("revision", models.IntegerField(default=1)),
                ("entry", models.JSONField(default=dict)),
                ("steps", models.JSONField(default=list)),
                ("exit", models.JSONField(default=list)),
                ("goal", models.JSONField(null=True)),
                ("caps", models.JSONField(null=True)),
                ("holdout", models.FloatField(default=0)),
                ("next", models.JSONField(null=True)),
                ("scheduled_at", models.DateTimeField(null=True)),
                ("hold_until", models.DateTimeField(null=True)),
                ("launched_at", models.DateTimeField(null=True)),
                ("fanned_out_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("paused_from", models.CharField(blank=True, max_length=10)),
                ("pause_reason", models.TextField(blank=True)),
                ("fault", models.TextField(blank=True, default="")),
                ("fault_at", models.DateTimeField(null=True)),
                ("fault_count", models.IntegerField(default=0)),
                ("retry_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "campaign",
                "verbose_name_plural": "campaigns",
                "db_table": "campaign",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="CampaignVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("entry", models.JSONField()),
                ("steps", models.JSONField()),
                ("exit", models.JSONField(default=list)),
                ("goal", models.JSONField(null=True)),
                ("caps", models.JSONField(null=True)),
                ("holdout", models.FloatField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "campaign_version",
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="current",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.campaignversion",
            ),
        ),
        migrations.CreateModel(
            name="MessageChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("campaign_id", models.BigIntegerField(db_index=True, null=True)),
                ("lane", models.SmallIntegerField(default=5)),
                ("channel", models.CharField(max_length=10)),
                (
                    "profile_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "message_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("per_second", models.FloatField(null=True)),
                ("ready_at", models.DateTimeField(null=True)),
                ("lease", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.SmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "message_chunk",
                "indexes": [models.Index(fields=["lane", "due_at"], name="chunk_due")],
            },
        ),
        migrations.CreateModel(
            name="MessageReference",
            fields=[
                ("digest", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("profile_id", models.BigIntegerField()),
                ("message_id", models.BigIntegerField()),
                ("kept_on", models.DateField()),
            ],
            options={
                "db_table": "message_reference",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["kept_on"], name="message_reference_by_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sender",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("address", models.EmailField(max_length=254, unique=True, verbose_name="address")),
                (
                    "reply_to",
                    models.EmailField(blank=True, max_length=254, verbose_name="reply to"),
                ),
                ("postal_address", models.TextField(blank=True, verbose_name="postal address")),
                ("is_default", models.BooleanField(default=False, verbose_name="default")),
                (
                    "archived_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="archived"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "sender",
                "verbose_name_plural": "senders",
                "db_table": "sender",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="sender_one_default",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="campaignversion",
            name="sender",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="campaigns.sender"
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="sender",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="campaigns.sender",
            ),
        ),
        CreateProfileTable(
            name="Transition",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("enrolment_id", models.BigIntegerField()),
                ("campaign_id", models.BigIntegerField()),
                ("from_step", models.TextField()),
                ("to_step", models.TextField(blank=True, default="")),
                ("visit", models.IntegerField(default=1)),
                ("at", models.DateTimeField()),
                ("decided", models.TextField()),
                (
                    "profile",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.profile",
                    ),
                ),
            ],
            options={
                "db_table": "enrolment_transition",
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
        CreateProfileTable(
            name="ContactCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("channel", models.TextField()),
                ("tag", models.TextField(db_default="", default="")),
                ("day", models.DateField()),
                ("n", models.IntegerField(default=0)),
                (
                    "profile",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.profile",
                    ),
                ),
            ],
            options={
                "db_table": "contact_count",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["day"], name="contact_count_by_day"
                    )
                ],
            },
            key=("profile_id", "channel", "day", "tag"),
            include=(),
            partition_by="",
        ),
        migrations.CreateModel(
            name="ContentVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(max_length=60)),
                ("variant", models.CharField(blank=True, default="", max_length=60)),
                ("locale", models.CharField(blank=True, default="", max_length=16)),
                ("channel", models.CharField(max_length=10)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("compiled", models.JSONField()),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="consent.purpose"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contents",
                        to="campaigns.campaignversion",
                    ),
                ),
            ],
            options={
                "db_table": "content_version",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "step", "variant", "locale"), name="content_version_once"
                    )
                ],
            },
        ),
        CreateProfileTable(
            name="Enrolment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("instance_key", models.TextField(blank=True, default="")),
                ("bucket", models.SmallIntegerField()),
                ("step", models.TextField(blank=True, default="")),
                ("visit", models.IntegerField(default=1)),
                ("arm", models.TextField(blank=True, default="")),
                ("entered_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("lease", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("end_reason", models.TextField(blank=True, default="")),
                ("source_profile_id", models.BigIntegerField(null=True)),
                ("data", models.JSONField(default=dict)),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "campaign_version",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="campaigns.campaignversion",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.profile",
                    ),
                ),
            ],
            options={
                "db_table": "enrolment",
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False), ("ended_at__isnull", True)),
                        fields=["campaign", "due_at"],
                        name="enrolment_due",
                    ),
                    models.Index(fields=["campaign", "step"], name="enrolment_by_step"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("profile", "campaign", "instance_key"),
                        name="enrolment_open_once",
                    )
                ],
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
        migrations.CreateModel(
            name="ExcludedCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("variant", models.TextField(blank=True, default="")),
                ("reason", models.TextField()),
                ("n", models.BigIntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="campaigns.campaign"
                    ),
                ),
            ],
            options={
                "db_table": "excluded_count",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "variant", "reason"), name="excluded_count_once"
                    )
                ],
            },
        ),
        CreateProfileTable(
            name="Message",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4)),
                ("owner_id", models.BigIntegerField(null=True)),
                ("enrolment_id", models.BigIntegerField(null=True)),
                ("campaign_id", models.BigIntegerField(null=True)),
                ("step", models.TextField(blank=True, default="")),
                ("visit", models.IntegerField(default=1)),
                ("lane", models.SmallIntegerField(default=5)),
                ("is_marketing", models.BooleanField()),
                ("is_test", models.BooleanField(default=False)),
                ("channel", models.TextField()),
                ("address", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("queued", "Queued"),
                            ("handing_over", "Handing over"),
                            ("sent", "Sent"),
                            ("delivered", "Delivered"),
                            ("bounced", "Bounced"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                            ("excluded", "Not sent"),
                            ("cancelled", "Cancelled"),
                        ]
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("queued_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("attempts", models.SmallIntegerField(default=0)),
                ("content_version_id", models.BigIntegerField(null=True)),
                ("locale", models.TextField(blank=True, default="")),
                ("variant", models.TextField(blank=True, default="")),
                ("counted_on", models.DateField(null=True)),
                ("consent_entry_id", models.BigIntegerField(null=True)),
                (
                    "must_permit",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Value(True),
                        output_field=models.BooleanField(),
                    ),
                ),
                ("idempotency_key", models.TextField(blank=True, default="")),
                ("provider_ref", models.TextField(blank=True, default="")),
                ("data", models.JSONField(default=dict)),
                ("sent_at", models.DateTimeField(null=True)),
                ("bounced_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("machine_opened_at", models.DateTimeField(null=True)),
                ("clicked_at", models.DateTimeField(null=True)),
                ("machine_clicked_at", models.DateTimeField(null=True)),
                ("unsubscribed_at", models.DateTimeField(null=True)),
                ("complained_at", models.DateTimeField(null=True)),
                ("converted_at", models.DateTimeField(null=True)),
                ("revenue", models.FloatField(null=True)),
                (
                    "consent_entry",
                    models.ForeignObject(
                        from_fields=["profile", "consent_entry_id"],
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="messages",
                        to="consent.consententry",
                        to_fields=["profile", "id"],
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="profiles.profile",
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="consent.purpose",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "db_table": "message",
                "ordering": ["-queued_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["campaign_id", "state", "reason"], name="message_by_campaign"
                    ),
                    models.Index(fields=["-queued_at", "-id"], name="message_by_time"),
                    models.Index(
                        condition=models.Q(("owner_id__isnull", False)),
                        fields=["owner_id"],
                        name="message_by_owner",
                    ),
                    models.Index(
                        condition=models.Q(("state", "handing_over")),
                        fields=["profile", "id"],
                        name="message_handing_over",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("enrolment_id__isnull", False)),
                        fields=("profile", "enrolment_id", "step", "visit"),
                        name="message_once_enrolled",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("campaign_id__isnull", False),
                            ("enrolment_id__isnull", True),
                            ("is_test", False),
                        ),
                        fields=("profile", "campaign_id", "step", "visit"),
                        name="message_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("idempotency_key", ""), _negated=True),
                        fields=("profile", "idempotency_key"),
                        name="message_idempotent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_marketing", False),
                            ("state", "excluded"),
                            ("consent_entry_id__isnull", False),
                            _connector="OR",
                        ),
                        name="message_needs_permission",
                    ),
                ],
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
        migrations.AddConstraint(
            model_name="campaignversion",
            constraint=models.UniqueConstraint(
                fields=("campaign", "number"), name="campaign_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("holdout__gte", 0), ("holdout__lte", 1)),
                name="campaign_holdout_share",
            ),
        ),
        migrations.AddIndex(
            model_name="transition",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["at"], name="transition_by_time"
            ),
        ),
        migrations.AddIndex(
            model_name="transition",
            index=models.Index(fields=["campaign_id", "from_step"], name="transition_by_step"),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.UniqueConstraint(
                fields=("profile", "enrolment_id", "from_step", "visit"), name="transition_once"
            ),
        ),
    ]
