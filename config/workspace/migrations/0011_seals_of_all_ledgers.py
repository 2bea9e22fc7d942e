"""One table of seals for whatever is only ever appended to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspace", "0010_webhook_done")]

    operations = [
        migrations.RenameModel("AuditSeal", "Seal"),
        migrations.AlterModelTable("Seal", "seal"),
        migrations.AddField(
            model_name="seal",
            name="ledger",
            field=models.TextField(default="audit_entry"),
            preserve_default=False,
        ),
        migrations.AlterField(model_name="seal", name="last_id", field=models.BigIntegerField()),
        migrations.AddConstraint(
            model_name="seal",
            constraint=models.UniqueConstraint(fields=["ledger", "last_id"], name="seal_once"),
        ),
    ]
