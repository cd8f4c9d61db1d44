from django.db import migrations, models


class Migration(migrations.Migration):
    """The example named a network that is refused. Changes nothing in the database."""

    dependencies = [
        ("incidents", "0011_morning_digests"),
    ]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="network",
            field=models.CharField(default="manual", max_length=20, verbose_name="network"),
        ),
    ]
