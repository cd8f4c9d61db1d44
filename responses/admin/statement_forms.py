"""What is typed about a statement: its wording in each language, remarks, reasons, targets."""

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin.fields import MomentField, RefsField
from crisis_api.access.admin.forms import RecordForm, VerbForm
from responses.models import Publication, Statement
from responses.services.publications import LONGEST_REASON
from responses.services.reviews import LONGEST_REMARK
from responses.services.texts import LANGUAGES, LONGEST, Texts

NAMES = {"en": _("English"), "ru": _("Russian")}
_TITLES = {"en": _("Title in English"), "ru": _("Title in Russian")}
_BODIES = {"en": _("Text in English"), "ru": _("Text in Russian")}
_PROMISE = _("When the next update is promised, if it is.")
_KINDS = [choice for choice in Statement.Kind.choices if choice[0] != Statement.Kind.CORRECTION]


def _title(language: str) -> forms.CharField:
    return forms.CharField(
        label=_TITLES[language],
        required=False,
        max_length=LONGEST["title"],
        help_text=_("For example: What we know about batch 0427") if language == "en" else "",
    )


def _body(language: str) -> forms.CharField:
    return forms.CharField(
        label=_BODIES[language],
        required=False,
        strip=False,
        max_length=LONGEST["body"],
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_(
            "Plain text, an empty line between paragraphs. Say what happened, what you do, and "
            "when you will say more."
        )
        if language == "en"
        else "",
    )


class _Wording(forms.Form):
    """Title and text in each language; a language without either is left out."""

    title_en = _title("en")
    body_en = _body("en")
    title_ru = _title("ru")
    body_ru = _body("ru")


def fill_in(form: Any, texts: Texts) -> None:
    """Begin with a wording that is there."""
    for language, text in texts.items():
        for part in LONGEST:
            form.initial[f"{part}_{language}"] = text.get(part, "")


def texts_of(cleaned: dict[str, Any]) -> Texts:
    """Return the wording as the service takes it."""
    texts: Texts = {}
    for language in LANGUAGES:
        text = {part: cleaned.pop(f"{part}_{language}", "") or "" for part in LONGEST}
        if any(text.values()):
            texts[language] = text
    return texts


class StatementForm(RecordForm, _Wording):
    """A statement and its wording. Every change of it is a new wording."""

    kind = forms.ChoiceField(label=_("Kind"), choices=_KINDS)
    next_update_at = MomentField(label=_("Next update"), required=False, help_text=_PROMISE)
    external_refs = RefsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.revision is not None:
            fill_in(self, self.instance.revision.texts)
        if self.instance.kind == Statement.Kind.CORRECTION and "kind" in self.fields:
            only = [(self.instance.kind, self.instance.get_kind_display())]
            self.fields["kind"].choices = only  # type: ignore[attr-defined]
            self.fields["kind"].widget.choices = only


class CorrectForm(VerbForm, _Wording):
    """The wording of a correction, beginning with the one that it corrects."""

    next_update_at = MomentField(label=_("Next update"), required=False, help_text=_PROMISE)

    def prepare(self) -> None:
        """Begin with what is to be put right."""
        if self.row.revision is not None:
            fill_in(self, self.row.revision.texts)


class RemarkForm(VerbForm):
    """What should change."""

    text = forms.CharField(
        label=_("What should change"),
        max_length=LONGEST_REMARK,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("For example: name the batch, and say what buyers should do today."),
    )


class PublishForm(VerbForm):
    """Where it is published."""

    targets = forms.MultipleChoiceField(label=_("Where"), choices=Publication.Target.choices)


class RetractForm(VerbForm):
    """Why it is withdrawn: for the team, and for the public."""

    reason = forms.CharField(
        label=_("Reason, for the team"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    public_reason = forms.ChoiceField(
        label=_("Reason, for the public"),
        required=False,
        choices=[("", _("none is given")), *Statement.PublicReason.choices],
        help_text=_("One of the prepared sentences: your own would be published unapproved."),
    )


def wording(texts: Texts) -> SafeString:
    """Return a wording in all its languages, to be read."""
    blocks = [
        format_html(
            '<div class="crisis-wording" lang="{}"><span class="crisis-muted">{}</span>'
            '<h3>{}</h3><div class="crisis-text">{}</div></div>',
            language,
            NAMES.get(language, language),
            text.get("title", ""),
            text.get("body", ""),
        )
        for language, text in texts.items()
    ]
    return format_html_join("", "{}", ((block,) for block in blocks))
