from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('responses', '0003_reasons_for_the_public'),
    ]

    operations = [
        migrations.AddField(
            model_name='supportticket',
            name='lacking',
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='supportticket',
            name='settled',
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='supportticket',
            name='drafted_of',
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='supportticket',
            index=models.Index(condition=models.Q(('status', 'draft')), fields=['drafted_at'], name='tickets_to_refresh'),
        ),
    ]
