"""Every table of the app, as its models say it.

`replaces` names what a database of before this file has applied: it goes on as it is.
"""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import config.workspace.models.workspace


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("workspace", "0001_initial"),
        ("workspace", "0003_health"),
        ("workspace", "0005_transactional_scope"),
        ("workspace", "0006_sign_in_attempt"),
        ("workspace", "0007_forget_axes"),
        ("workspace", "0008_circuit"),
        ("workspace", "0009_counted_by_nouns"),
        ("workspace", "0010_webhook_done"),
        ("workspace", "0011_seals_of_all_ledgers"),
    ]

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
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
        migrations.CreateModel(
            name="Secret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=40)),
                ("key_id", models.CharField(max_length=16, unique=True)),
                ("ciphertext", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("valid_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "secret",
            },
        ),
        migrations.CreateModel(
            name="WorkRun",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("last_success", models.DateTimeField(null=True)),
                ("last_progress", models.DateTimeField(null=True)),
                ("runs", models.BigIntegerField(default=0)),
                ("failures", models.BigIntegerField(default=0)),
                ("handled", models.BigIntegerField(default=0)),
                ("error", models.TextField(blank=True, default="")),
                ("error_since", models.DateTimeField(null=True)),
                ("error_at", models.DateTimeField(null=True)),
                ("error_count", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "work_run",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                (
                    "first_name",
                    models.CharField(blank=True, max_length=150, verbose_name="first name"),
                ),
                (
                    "last_name",
                    models.CharField(blank=True, max_length=150, verbose_name="last name"),
                ),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="email address"),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="date joined"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("marketer", "Marketer"),
                            ("analyst", "Analyst"),
                            ("privacy_officer", "Privacy officer"),
                            ("service_rep", "Service rep"),
                            ("integrator", "Integrator"),
                            ("admin", "Admin"),
                        ],
                        default="marketer",
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "locale",
                    models.CharField(
                        blank=True, default="", max_length=16, verbose_name="language"
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        blank=True, default="", max_length=64, verbose_name="time zone"
                    ),
                ),
                ("sessions_ended", models.IntegerField(default=0, editable=False)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "team member",
                "verbose_name_plural": "team members",
                "db_table": "user",
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True, verbose_name="name")),
                (
                    "hint",
                    models.CharField(editable=False, max_length=12, verbose_name="begins with"),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), size=None, verbose_name="scopes"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "last_used_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last used"),
                ),
                (
                    "revoked_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="revoked"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "db_table": "api_key",
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="at")),
                ("actor_kind", models.CharField(max_length=12, verbose_name="by")),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor_name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("action", models.CharField(max_length=60, verbose_name="action")),
                ("target_kind", models.CharField(max_length=40, verbose_name="what")),
                ("target", models.CharField(blank=True, max_length=200, verbose_name="which")),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        default=list,
                        size=None,
                        verbose_name="fields",
                    ),
                ),
                ("detail", models.JSONField(default=dict)),
                ("profile_id", models.BigIntegerField(null=True)),
                ("digest", models.BinaryField(max_length=32)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "db_table": "audit_entry",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["target_kind", "target", "-id"], name="audit_by_target"),
                    models.Index(
                        condition=models.Q(("profile_id__isnull", False)),
                        fields=["profile_id", "-id"],
                        name="audit_by_profile",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=300)),
                ("subject", models.CharField(blank=True, db_index=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("stopped", "Stopped"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(null=True)),
                ("result", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True)),
                ("stop_requested", models.BooleanField(default=False)),
                ("lease_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="jobs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "job",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ledger", models.TextField()),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
                ("entries", models.IntegerField()),
                ("previous_hash", models.BinaryField(max_length=32)),
                ("hash", models.BinaryField(max_length=32)),
                ("sealed_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "seal",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("ledger", "last_id"), name="seal_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SendCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(max_length=20)),
                ("outcome", models.CharField(max_length=20)),
                ("word", models.CharField(blank=True, default="", max_length=200)),
                ("minute", models.DateTimeField(null=True)),
                ("n", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "send_count",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("channel", "minute", "outcome", "word"),
                        name="send_count_once",
                        nulls_distinct=False,
                    )
                ],
            },
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
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.URLField(max_length=2000)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), default=list, size=None
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "secret",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="workspace.secret",
                    ),
                ),
            ],
            options={
                "db_table": "webhook",
            },
        ),
        migrations.CreateModel(
            name="Workspace",
            fields=[
                (
                    "id",
                    models.SmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(default="Rapport", max_length=200, verbose_name="name")),
                (
                    "time_zone",
                    models.CharField(default="UTC", max_length=64, verbose_name="time zone"),
                ),
                (
                    "currency",
                    models.CharField(
                        default="EUR",
                        max_length=3,
                        validators=[django.core.validators.RegexValidator("^[A-Z]{3}$")],
                        verbose_name="currency",
                    ),
                ),
                ("locale", models.CharField(default="en", max_length=16, verbose_name="language")),
                (
                    "country",
                    models.CharField(blank=True, default="", max_length=2, verbose_name="country"),
                ),
                (
                    "salt",
                    models.CharField(
                        default=config.workspace.models.workspace.new_salt,
                        editable=False,
                        max_length=64,
                    ),
                ),
                ("settings", models.JSONField(blank=True, default=dict, editable=False)),
                ("demo_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "workspace",
                "verbose_name_plural": "workspace",
                "db_table": "workspace",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="workspace_is_one_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event", models.CharField(max_length=80)),
                ("body", models.JSONField()),
                ("attempts", models.SmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("last_status", models.IntegerField(null=True)),
                ("last_error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="workspace.webhook"
                    ),
                ),
            ],
            options={
                "db_table": "webhook_delivery",
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("delivered_at__isnull", True), ("failed_at__isnull", True)
                        ),
                        fields=["due_at"],
                        name="webhook_due",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("delivered_at__isnull", False),
                            ("failed_at__isnull", False),
                            _connector="OR",
                        ),
                        fields=["created_at"],
                        name="webhook_done",
                    ),
                ],
            },
        ),
    ]
