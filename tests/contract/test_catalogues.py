"""Everything is said in Russian too, and the compiled catalogues are those of their sources."""

import ast
import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

from tests import messages

CATALOGUES = sorted(
    path for folder in settings.LOCALE_PATHS for path in Path(folder).glob("*/LC_MESSAGES/*.po")
)
# Fills one place in `%(name)s`, `%s` and `{}` alike.
PLACES = re.compile(r"%\(\w+\)[sdif]|%[sdif]|%%|\{\w*\}")
# Names and codes that read the same in both languages.
SAME_IN_BOTH = {"SHA-256", "%(category)s: %(account)s"}

each_catalogue = pytest.mark.parametrize(
    "path", CATALOGUES, ids=lambda path: path.parent.parent.name
)


def entries(catalogue):
    return {
        (entry.msgctxt, entry.msgid): entry.msgstr or tuple(entry.msgstr_plural.values())
        for entry in catalogue
    }


def translations(entry):
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_has_a_russian_catalogue():
    assert [path.parent.parent.name for path in CATALOGUES] == ["ru"]


@each_catalogue
def test_translates_every_text_of_the_product_and_of_the_pages_it_borrows(path):
    known = {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(path))}
    missing = {
        message.text: file
        for message, file in {**messages.borrowed(), **messages.ours()}.items()
        if message.key not in known
        or (message.plural and not known[message.key].msgid_plural)
        or not known[message.key].translated()
    }

    assert missing == {}, "`make messages`, then translate what it lists"


@each_catalogue
def test_holds_nothing_that_is_no_longer_said(path):
    said = {message.key for message in (*messages.borrowed(), *messages.ours())}

    gone = [
        entry.msgid for entry in polib.pofile(str(path)) if (entry.msgctxt, entry.msgid) not in said
    ]

    assert gone == [], "`make messages` removes them"


@each_catalogue
def test_guesses_nothing(path):
    source = polib.pofile(str(path))
    assert [entry.msgid for entry in source if entry.fuzzy or entry.obsolete] == []


@each_catalogue
def test_keeps_every_place_to_fill(path):
    different = {
        entry.msgid: said
        for entry in polib.pofile(str(path))
        for said in translations(entry)
        if sorted(PLACES.findall(said)) != sorted(PLACES.findall(entry.msgid_plural or entry.msgid))
    }

    assert different == {}


@each_catalogue
def test_keeps_the_spaces_around_a_fragment(path):
    def edges(text):
        return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]

    different = [
        entry.msgid
        for entry in polib.pofile(str(path))
        if any(edges(said) != edges(entry.msgid) for said in translations(entry))
    ]

    assert different == []


def test_says_it_in_russian_rather_than_in_english_again():
    catalogue = polib.pofile(str(settings.BASE_DIR / "locale/ru/LC_MESSAGES/django.po"))
    latin = [
        entry.msgid
        for entry in catalogue
        if entry.msgid not in SAME_IN_BOTH
        and re.search(r"[A-Za-z]{2}", PLACES.sub("", entry.msgid))
        and not all(re.search("[а-яё]", said, re.IGNORECASE) for said in translations(entry))
    ]

    assert latin == []


@each_catalogue
def test_is_compiled_from_its_source(path):
    compiled = polib.mofile(str(path.with_suffix(".mo")))
    assert entries(compiled) == entries(polib.pofile(str(path))), "`make messages` compiles it"


@each_catalogue
def test_counts_as_django_does(path):
    """Django joins our catalogue to its own only where both count alike."""
    theirs = polib.mofile(str(messages.DJANGO / "conf/locale/ru/LC_MESSAGES/django.mo"))
    count = "Plural-Forms"
    assert polib.pofile(str(path)).metadata[count] == theirs.metadata[count]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('_("One")', [("One", "", None)]),
        ('_now("One" " and two")', [("One and two", "", None)]),
        ('ngettext("%d day", "%d days", n)', [("%d day", "%d days", None)]),
        ('translation.pgettext("how long", "a day")', [("a day", "", "how long")]),
        ("_(word)", []),
    ],
)
def test_finds_texts_in_python(source, found):
    imports = (
        "from django.utils import translation\n"
        "from django.utils.translation import gettext as _now, gettext_lazy as _, ngettext\n"
    )
    got = messages.in_python(ast.parse(imports + source))
    assert [(each.text, each.plural, each.context) for each in got] == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{% translate "It\'s (not) one" %}', [("It's (not) one", "", None)]),
        ('{% translate "May" context "month" as may %}', [("May", "", "month")]),
        ('{{ _("One")|upper }}', [("One", "", None)]),
        (
            "{% blocktranslate count n=rows|length %}{{ n }} row{% plural %}{{ n }} rows"
            "{% endblocktranslate %}",
            [("%(n)s row", "%(n)s rows", None)],
        ),
        (
            "{% blocktranslate trimmed %}\n  One\n  line\n{% endblocktranslate %}",
            [("One line", "", None)],
        ),
    ],
)
def test_finds_texts_in_templates(source, found):
    got = messages.in_template(source)
    assert [(each.text, each.plural, each.context) for each in got] == found
