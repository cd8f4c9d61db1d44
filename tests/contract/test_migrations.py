"""The models and the migrations say the same."""

import re
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.contract import source


@pytest.mark.django_db
def test_no_change_of_a_model_lacks_its_migration():
    output = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=output)
    except SystemExit:
        pytest.fail(output.getvalue())


def test_migrations_are_named_by_hand():
    named_by_django = [
        source.name(path)
        for package in source.PACKAGES
        for path in (settings.BASE_DIR / package).rglob("migrations/0*.py")
        if re.search(r"_auto_\d|_and_more|_alter_\w+_options", path.stem)
    ]

    assert named_by_django == []
