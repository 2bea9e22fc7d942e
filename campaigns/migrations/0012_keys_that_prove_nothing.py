"""Keys that cost a look-up a row and prove nothing that can break (see docs/architecture.md)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Six constraints less; the permission's stays. Reversible."""

    dependencies = [
        ("campaigns", "0011_whose"),
        ("consent", "0006_unproven_claims"),
        ("profiles", "0022_merged_people"),
    ]

    operations = [
        migrations.AlterField(
            model_name="contactcount",
            name="profile",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="profiles.profile",
            ),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="campaign",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="campaigns.campaign",
            ),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="campaign_version",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="campaigns.campaignversion",
            ),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="profile",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="profiles.profile",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="profile",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="profiles.profile",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="purpose",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="consent.purpose",
            ),
        ),
    ]
