"""Every table of the app, as its models say it.

`replaces` names what a database of before this file has applied: it goes on as it is.
"""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from config.workspace.tables.schema import CreateProfileTable


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("profiles", "0001_initial"),
        ("profiles", "0004_merge_pending_and_warnings"),
        ("profiles", "0010_finding"),
        ("profiles", "0012_attach_evidence"),
        ("profiles", "0013_refusal_count"),
        ("profiles", "0014_count_refusals"),
        ("profiles", "0015_claims_by_day"),
        ("profiles", "0016_field_tag"),
        ("profiles", "0017_bound_numbers"),
        ("profiles", "0018_vouched"),
        ("profiles", "0019_names"),
        ("profiles", "0020_trust_says_what_goes_first"),
        ("profiles", "0021_warning_example"),
        ("profiles", "0022_merged_people"),
        ("profiles", "0023_links_and_history"),
        ("profiles", "0024_names_made_up"),
        ("profiles", "0025_digest_push_tokens"),
        ("profiles", "0026_identifier_keys"),
        ("profiles", "0027_names_of_the_named"),
    ]

    dependencies = [
        ("workspace", "0001_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateProfileTable(
            name="AliasPending",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("profile_id", models.BigIntegerField()),
                ("survivor_id", models.BigIntegerField(db_index=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "alias_pending",
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
        CreateProfileTable(
            name="EventState",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("profile_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("count", models.BigIntegerField(default=0)),
                ("sum", models.FloatField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "event_state",
            },
            key=("profile_id", "name"),
            include=(),
            partition_by="",
        ),
        CreateProfileTable(
            name="Identifier",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("value", models.TextField()),
                ("raw_value", models.TextField(blank=True, default="")),
                ("digest", models.BinaryField(max_length=16, null=True)),
                ("profile_id", models.BigIntegerField()),
                ("verified_at", models.DateTimeField(null=True)),
                ("verified_source_id", models.BigIntegerField(null=True)),
                ("vouched_at", models.DateTimeField(null=True)),
                ("first_source_id", models.BigIntegerField()),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
                ("deliverability", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "identifier",
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
        migrations.CreateModel(
            name="MergePending",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("identifier_id", models.BigIntegerField()),
                ("other_identifier_id", models.BigIntegerField()),
                ("rule", models.CharField(max_length=60)),
                ("evidence", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "merge_pending",
            },
        ),
        migrations.CreateModel(
            name="ProfileChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "profile_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "names",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "profile_change",
            },
        ),
        migrations.CreateModel(
            name="EventDefinition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True, verbose_name="name")),
                (
                    "is_proven",
                    models.BooleanField(default=True, verbose_name="said by a source of ours"),
                ),
                (
                    "is_hidden",
                    models.BooleanField(
                        default=False,
                        help_text="Pickers do not offer it. What came in stays.",
                        verbose_name="hidden",
                    ),
                ),
                ("made_by_id", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField(null=True)),
                (
                    "value_property",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="value from"
                    ),
                ),
                ("value_sign", models.SmallIntegerField(default=1)),
                ("is_money", models.BooleanField(default=False, verbose_name="in money")),
                ("is_conversion", models.BooleanField(default=False, verbose_name="conversion")),
                ("slots", models.JSONField(default=dict)),
                ("schema", models.JSONField(default=dict)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None
                    ),
                ),
                ("first_seen", models.DateTimeField(null=True)),
                ("last_seen", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "event definition",
                "verbose_name_plural": "event definitions",
                "db_table": "event_definition",
                "ordering": ["name"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_proven", False)),
                        fields=["made_by_id", "made_at"],
                        name="event_name_made_up",
                    )
                ],
            },
        ),
        CreateProfileTable(
            name="EventItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("profile_id", models.BigIntegerField()),
                ("occurred_at", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("product_id", models.TextField()),
                ("product_name", models.TextField(blank=True, default="")),
                ("category", models.TextField(blank=True, default="")),
                ("quantity", models.FloatField(default=1)),
                ("price", models.FloatField(null=True)),
            ],
            options={
                "db_table": "event_item",
                "indexes": [
                    models.Index(
                        fields=["name", "category", "occurred_at"],
                        include=("profile_id",),
                        name="event_item_by_category",
                    )
                ],
            },
            key=("profile_id", "occurred_at", "event_id", "id"),
            include=(),
            partition_by="occurred_at",
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("day", models.DateField(verbose_name="from")),
                ("rate", models.FloatField(verbose_name="one unit in workspace currency")),
            ],
            options={
                "verbose_name": "exchange rate",
                "verbose_name_plural": "exchange rates",
                "db_table": "exchange_rate",
                "ordering": ["currency", "-day"],
                "constraints": [
                    models.UniqueConstraint(fields=("currency", "day"), name="exchange_rate_once"),
                    models.CheckConstraint(
                        condition=models.Q(("rate__gt", 0)), name="exchange_rate_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FieldTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[
                            ("trait", "trait"),
                            ("property", "property of events"),
                            ("identifier", "kind of identifier"),
                        ],
                        max_length=12,
                        verbose_name="of",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As it comes in; nested ones as address.city. Letter case says nothing.",
                        max_length=200,
                        verbose_name="name",
                    ),
                ),
                (
                    "is_personal",
                    models.BooleanField(
                        default=True,
                        help_text="Hidden from roles without the right to see personal data.",
                        verbose_name="personal data",
                    ),
                ),
            ],
            options={
                "verbose_name": "personal data tag",
                "verbose_name_plural": "personal data tags",
                "db_table": "field_tag",
                "ordering": ["place", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("place", "name"), name="field_tag_once")
                ],
            },
        ),
        CreateProfileTable(
            name="IdentifierKey",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.TextField(db_collation="C")),
                ("value", models.TextField(db_collation="C")),
                ("profile_id", models.BigIntegerField()),
            ],
            options={
                "db_table": "identifier_key",
                "indexes": [models.Index(fields=["id"], name="identifier_key_by_id")],
            },
            key=("value", "kind"),
            include=(),
            partition_by="",
        ),
        CreateProfileTable(
            name="IdentifierLink",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("one_id", models.BigIntegerField()),
                ("other_id", models.BigIntegerField()),
                ("is_proven", models.BooleanField()),
                ("source_id", models.BigIntegerField()),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
            ],
            options={
                "db_table": "identifier_link",
                "indexes": [models.Index(fields=["last_seen"], name="identifier_link_by_seen")],
            },
            key=("one_id", "other_id"),
            include=(),
            partition_by="",
        ),
        migrations.CreateModel(
            name="MessageClaim",
            fields=[
                ("digest", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("received_on", models.DateField()),
            ],
            options={
                "db_table": "message_claim",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["received_on"], name="message_claim_by_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("bucket", models.SmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("restricted", "Restricted"),
                            ("merged", "Merged into another"),
                            ("erased", "Erased"),
                        ],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("merged_into_id", models.BigIntegerField(null=True)),
                ("is_test", models.BooleanField(default=False)),
                ("display_name", models.TextField(blank=True, default="", verbose_name="name")),
                ("time_zone", models.TextField(blank=True, default="")),
                ("locale", models.TextField(blank=True, default="")),
                ("country", models.TextField(blank=True, default="")),
                ("lifecycle", models.TextField(blank=True, default="")),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
                ("traits", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "db_table": "profile",
                "indexes": [
                    models.Index(fields=["-last_seen", "-id"], name="profile_by_last_seen"),
                    models.Index(fields=["first_seen"], name="profile_by_first_seen"),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Lower("display_name"),
                            name="text_pattern_ops",
                        ),
                        condition=models.Q(("display_name__gt", "")),
                        name="profile_by_name",
                    ),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Lower(
                                models.Func(
                                    models.F("display_name"),
                                    models.Value("\\S+$"),
                                    function="substring",
                                )
                            ),
                            name="text_pattern_ops",
                        ),
                        condition=models.Q(("display_name__gt", "")),
                        name="profile_by_last_name",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ("erased", "merged"))),
                        fields=["id"],
                        name="profile_not_living",
                    ),
                    models.Index(
                        condition=models.Q(("merged_into_id__isnull", False)),
                        fields=["merged_into_id"],
                        name="profile_merged_into",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("merged_into_id__isnull", False), ("state", "merged")),
                            models.Q(
                                models.Q(("state", "merged"), _negated=True),
                                ("merged_into_id__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="profile_merged_into_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bucket__gte", 0), ("bucket__lte", 9999)),
                        name="profile_bucket_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("server", "Server"),
                            ("warehouse", "Warehouse"),
                            ("import", "Import"),
                            ("browser", "Browser"),
                            ("mobile", "Mobile app"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "trust",
                    models.SmallIntegerField(
                        default=50,
                        help_text="0 to 100. What a verified source says goes before what a client says, whatever the time; then the newer goes before the older; of two said at the same moment the more trusted wins.",
                        verbose_name="trust",
                    ),
                ),
                ("write_key_digest", models.BinaryField(max_length=32, null=True, unique=True)),
                (
                    "write_key_hint",
                    models.CharField(
                        editable=False, max_length=12, verbose_name="write key begins with"
                    ),
                ),
                ("public_write_key", models.CharField(blank=True, editable=False, max_length=64)),
                ("is_internal", models.BooleanField(default=False, editable=False)),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "last_seen_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last call"),
                ),
                (
                    "user_hash_secret",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="workspace.secret",
                    ),
                ),
            ],
            options={
                "verbose_name": "source",
                "verbose_name_plural": "sources",
                "db_table": "source",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Rejection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("message_id", models.TextField(blank=True)),
                ("type", models.CharField(blank=True, max_length=20)),
                ("received_at", models.DateTimeField()),
                ("code", models.CharField(max_length=40)),
                ("errors", models.JSONField(default=list)),
                ("body", models.TextField(blank=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="profiles.source"
                    ),
                ),
            ],
            options={
                "verbose_name": "refused call",
                "verbose_name_plural": "refused calls",
                "db_table": "rejection",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RefusalCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("n", models.BigIntegerField()),
                ("kept", models.BigIntegerField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="profiles.source"
                    ),
                ),
            ],
            options={
                "db_table": "refusal_count",
            },
        ),
        CreateProfileTable(
            name="ProfileTrait",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("identifier_id", models.BigIntegerField()),
                ("value", models.JSONField()),
                ("set_at", models.DateTimeField()),
                ("since", models.DateTimeField(null=True)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="trait_rows",
                        to="profiles.profile",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="profiles.source",
                    ),
                ),
            ],
            options={
                "db_table": "profile_trait",
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.BinaryField()),
                ("envelope", models.JSONField(default=dict)),
                ("count", models.IntegerField(default=0)),
                ("is_history", models.BooleanField(default=False)),
                ("received_at", models.DateTimeField()),
                ("attempts", models.SmallIntegerField(default=0)),
                ("failed_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="profiles.source"
                    ),
                ),
            ],
            options={
                "verbose_name": "waiting call",
                "verbose_name_plural": "waiting calls",
                "db_table": "inbox",
            },
        ),
        CreateProfileTable(
            name="Event",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("message_id", models.TextField()),
                ("type", models.TextField()),
                ("name", models.TextField()),
                ("occurred_at", models.DateTimeField()),
                ("original_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField()),
                ("identifier_id", models.BigIntegerField()),
                ("anonymous_identifier_id", models.BigIntegerField(null=True)),
                ("source_profile_id", models.BigIntegerField(null=True)),
                ("value", models.FloatField(null=True)),
                ("k1", models.TextField(null=True)),
                ("k2", models.TextField(null=True)),
                ("properties", models.JSONField(default=dict)),
                ("context", models.JSONField(default=dict)),
                (
                    "profile",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="profiles.profile",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="profiles.source",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "db_table": "event",
                "ordering": ["-occurred_at", "-id"],
            },
            key=("profile_id", "occurred_at", "id"),
            include=("name",),
            partition_by="occurred_at",
        ),
        migrations.CreateModel(
            name="DataWarning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, verbose_name="what")),
                ("event_name", models.TextField(blank=True, default="", verbose_name="event")),
                (
                    "detail",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="detail"),
                ),
                (
                    "example",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="for example"
                    ),
                ),
                ("count", models.BigIntegerField(default=0, verbose_name="times")),
                ("first_seen", models.DateTimeField(verbose_name="first seen")),
                ("last_seen", models.DateTimeField(verbose_name="last seen")),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="profiles.source",
                        verbose_name="source",
                    ),
                ),
            ],
            options={
                "verbose_name": "data warning",
                "verbose_name_plural": "data warnings",
                "db_table": "data_warning",
                "ordering": ["-last_seen", "-id"],
            },
        ),
        CreateProfileTable(
            name="TraitHistory",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("profile_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("source_id", models.BigIntegerField()),
                ("identifier_id", models.BigIntegerField()),
                ("value", models.JSONField()),
                ("set_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField()),
            ],
            options={
                "db_table": "trait_history",
                "indexes": [models.Index(fields=["replaced_at"], name="trait_history_by_end")],
            },
            key=("profile_id", "id"),
            include=(),
            partition_by="",
        ),
        migrations.CreateModel(
            name="TraitName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True, verbose_name="name")),
                (
                    "is_proven",
                    models.BooleanField(default=True, verbose_name="said by a source of ours"),
                ),
                (
                    "is_hidden",
                    models.BooleanField(
                        default=False,
                        help_text="Pickers do not offer it. What came in stays.",
                        verbose_name="hidden",
                    ),
                ),
                ("made_by_id", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "trait name",
                "verbose_name_plural": "trait names",
                "db_table": "trait_name",
                "ordering": ["name"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_proven", False)),
                        fields=["made_by_id", "made_at"],
                        name="trait_name_made_up",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("merge", "Two people became one"),
                            ("attach", "A call was taken in"),
                        ],
                        default="merge",
                        max_length=10,
                    ),
                ),
                ("survivor_id", models.BigIntegerField()),
                ("absorbed_id", models.BigIntegerField(db_index=True, null=True)),
                ("absorbed_public_id", models.UUIDField(null=True)),
                ("via_id", models.BigIntegerField(null=True)),
                ("once", models.CharField(max_length=100, null=True, unique=True)),
                ("rule", models.CharField(max_length=60)),
                ("evidence", models.JSONField(default=dict)),
                ("snapshot", models.JSONField(default=dict)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "merge",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["survivor_id", "-id"], name="merge_by_survivor"),
                    models.Index(
                        condition=models.Q(("undone_at__isnull", False), ("via_id__isnull", False)),
                        fields=["via_id"],
                        name="merge_parted_by_via",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["server", "warehouse", "import", "browser", "mobile"])
                ),
                name="source_kind_known",
            ),
        ),
        migrations.AddIndex(
            model_name="rejection",
            index=models.Index(fields=["source", "-id"], name="rejection_by_source"),
        ),
        migrations.AddIndex(
            model_name="rejection",
            index=models.Index(fields=["code", "-id"], name="rejection_by_code"),
        ),
        migrations.AddIndex(
            model_name="refusalcount",
            index=models.Index(fields=["source", "at"], name="refusal_count_by_source"),
        ),
        migrations.AddIndex(
            model_name="refusalcount",
            index=models.Index(fields=["at"], name="refusal_count_by_time"),
        ),
        migrations.AddConstraint(
            model_name="profiletrait",
            constraint=models.UniqueConstraint(
                fields=("profile", "name", "source", "identifier_id"), name="profile_trait_once"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["name", "occurred_at"],
                include=("profile_id", "value"),
                name="event_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("k1__isnull", False)),
                fields=["name", "k1", "occurred_at"],
                include=("profile_id", "value"),
                name="event_by_k1",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["id"], name="event_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                django.db.models.functions.text.Left(
                    django.db.models.fields.json.KeyTextTransform("order_id", "properties"), 200
                ),
                condition=models.Q(("name", "Order Completed")),
                name="event_by_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="datawarning",
            constraint=models.UniqueConstraint(
                fields=("source", "code", "event_name", "detail"), name="data_warning_once"
            ),
        ),
    ]
