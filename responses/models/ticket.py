from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crisis_api.access.models import TeamRecord
from incidents.models import Category, Incident


class SupportTicket(TeamRecord):
    """The draft for the platform's support.

    drafting → draft → ready → submitted → answered → closed
    answered → appealed → answered
    draft, ready → drafting → draft    it is drafted again
    ready → draft                      it was edited
    any but closed → closed

    `sections` is the text by section; `edited_sections` names those a person wrote, which drafting
    again keeps. `missing` lists what still has to be added, as codes: what the draft found
    `lacking` (code and sentence) without what people wrote, and without what they `settled` (ticked
    off, by whom and when).

    `drafted_of` is how many mentions its incident had when the machine drafted it.

    While it is drafting, `due_at` is when that is tried (again), empty once it failed five times.
    """

    class Status(models.TextChoices):
        DRAFTING = "drafting", _("drafting")
        DRAFT = "draft", _("draft")
        READY = "ready", _("ready")
        SUBMITTED = "submitted", _("submitted")
        ANSWERED = "answered", _("answered")
        APPEALED = "appealed", _("appealed")
        CLOSED = "closed", pgettext_lazy("support ticket", "closed")

    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("incident")
    )
    status = models.CharField(
        _("status"),
        max_length=9,
        choices=Status.choices,
        default=Status.DRAFTING,
        editable=False,
    )
    platform = models.CharField(_("platform"), max_length=20, default="tiktok")
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    language = models.CharField(
        _("language"), max_length=2, choices=[("en", "English"), ("ru", "Русский")], default="en"
    )
    sections = models.JSONField(_("sections"), default=dict, blank=True)
    edited_sections = models.JSONField(default=list, editable=False)
    missing = models.JSONField(_("still missing"), default=list, editable=False)
    lacking = models.JSONField(null=True, editable=False)
    settled = models.JSONField(null=True, editable=False)
    drafted_of = models.PositiveIntegerField(null=True, editable=False)
    drafted_at = models.DateTimeField(_("drafted"), null=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    last_error = models.CharField(
        _("last error"), max_length=200, blank=True, default="", editable=False
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    platform_ref = models.CharField(
        _("number at the platform"), max_length=100, blank=True, default="", editable=False
    )
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    answer = models.TextField(_("answer"), blank=True, default="", editable=False)
    closed_at = models.DateTimeField(
        pgettext_lazy("support ticket", "closed"), null=True, editable=False
    )

    class Meta:
        ordering = ("-id",)
        verbose_name = _("support ticket")
        verbose_name_plural = _("support tickets")
        constraints = (
            models.UniqueConstraint(
                fields=["incident", "platform", "category"],
                condition=~models.Q(status="closed"),
                name="one_open_ticket_per_incident_platform_and_category",
            ),
        )
        indexes = (
            # The list of a team, newest first.
            models.Index(fields=["team", "-id"], name="tickets_newest_first"),
            # Drafts that nobody has written yet.
            models.Index(
                fields=["due_at"], condition=models.Q(status="drafting"), name="tickets_to_draft"
            ),
            # Drafts that may have to be drafted again, looked through every second.
            models.Index(
                fields=["drafted_at"], condition=models.Q(status="draft"), name="tickets_to_refresh"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_category_display()}, {self.get_status_display()}"
