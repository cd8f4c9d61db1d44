from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import Owner, TeamQuerySet, TeamRecord
from incidents.models import Incident


class StatementQuerySet(TeamQuerySet):
    """Statements."""

    def public(self) -> Self:
        """Those the public may see, the withdrawn ones included."""
        return self.filter(status__in=("published", "retracted"))


class Statement(TeamRecord):
    """What the brand says in public.

    draft → in_review → approved → published → retracted
    in_review → draft     changes were requested, or it was edited
    approved → draft      the same before it is published, so the approval no longer holds

    Withdrawn is shown, never erased; a correction is a new statement that points at the old one.
    Each time it is submitted a new review round begins, and only an approval of that round counts.
    """

    class Kind(models.TextChoices):
        HOLDING = "holding", _("holding statement")
        EXPLANATION = "explanation", _("explanation")
        APOLOGY = "apology", _("apology")
        MEASURES = "measures", _("measures")
        UPDATE = "update", _("update")
        CORRECTION = "correction", _("correction")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("in review")
        APPROVED = "approved", _("approved")
        PUBLISHED = "published", _("published")
        RETRACTED = "retracted", _("retracted")

    class PublicReason(models.TextChoices):
        """Why it was withdrawn, as the public reads it: words that were approved beforehand.

        A sentence of one's own would be published unapproved.
        """

        ERROR = "error", _("It contained an error.")
        OUTDATED = "outdated", _("It is out of date.")
        REPLACED = "replaced", _("It was replaced by a later statement.")
        PERSONAL_DATA = "personal_data", _("It contained personal data.")
        MISTAKE = "mistake", _("It was published by mistake.")

    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="statements", verbose_name=_("incident")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=Status.choices,
        default=Status.DRAFT,
        editable=False,
    )
    corrects = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="corrections",
        verbose_name=_("corrects"),
    )
    revision = models.ForeignKey(
        "responses.Revision",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("current revision"),
    )
    approved_revision = models.ForeignKey(
        "responses.Revision",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("approved revision"),
    )
    review_round = models.PositiveIntegerField(default=0, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    retracted_at = models.DateTimeField(_("retracted"), null=True, editable=False)
    retraction_reason = models.TextField(
        _("reason of the retraction, for the team"), blank=True, default="", editable=False
    )
    public_reason = models.CharField(
        _("reason of the retraction, for the public"),
        max_length=13,
        choices=PublicReason.choices,
        blank=True,
        default="",
        editable=False,
    )
    next_update_at = models.DateTimeField(_("next update promised for"), null=True, blank=True)

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=("draft", "in_review")) | Q(approved_revision__isnull=False),
                name="nothing_is_approved_without_a_revision",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("draft", "in_review"))
                | Q(approved_revision=models.F("revision")),
                name="what_is_approved_is_the_current_revision",
            ),
            models.CheckConstraint(
                condition=Q(kind="correction") ^ Q(corrects=None),
                name="a_correction_names_what_it_corrects",
            ),
        )
        indexes = (
            # The list of a team, newest first.
            models.Index(fields=["team", "-id"], name="statements_newest_first"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_status_display()}"


class Revision(TeamRecord):
    """One immutable wording of a statement in all its languages, with one SHA-256.

    `texts` is `{language: {"title": …, "body": …}}`; the hash is taken over its canonical JSON.
    """

    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="revisions", verbose_name=_("statement")
    )
    number = models.PositiveIntegerField(_("number"))
    texts = models.JSONField(_("texts"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        ordering = ("number",)
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        constraints = (
            models.UniqueConstraint(
                fields=["statement", "number"], name="one_revision_per_statement_and_number"
            ),
        )

    def __str__(self) -> str:
        return str(self.number)


class RevisionAuthor(models.Model):
    """A person who wrote text of a revision, or submitted it, and so may not approve it.

    Who wrote an earlier revision counts as an author of the later ones that keep its words.
    """

    id = models.BigAutoField(primary_key=True)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="authors")
    owner = models.ForeignKey(Owner, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["revision", "owner"], name="a_person_is_an_author_of_a_revision_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.owner)


class Approval(TeamRecord):
    """One person's approval of one revision: immutable, and never its author's own."""

    revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, related_name="approvals", verbose_name=_("revision")
    )
    approver = models.ForeignKey(
        Owner, on_delete=models.PROTECT, related_name="+", verbose_name=_("approver")
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    review_round = models.PositiveIntegerField()

    class Meta:
        ordering = ("id",)
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = (
            models.UniqueConstraint(
                fields=["revision", "approver", "review_round"],
                name="one_approval_per_revision_person_and_review",
            ),
        )

    def __str__(self) -> str:
        return str(self.approver)


class Remark(TeamRecord):
    """What a reviewer asks to be changed."""

    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="remarks", verbose_name=_("statement")
    )
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="remarks")
    text = models.TextField(_("text"), max_length=5000)

    class Meta:
        ordering = ("id",)
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")

    def __str__(self) -> str:
        return self.text[:60]


class Publication(TeamRecord):
    """One statement's appearance at one target: at most one per revision and target.

    reserved → published → retracted
    """

    class Target(models.TextChoices):
        STATUS_PAGE = "status_page", _("public page")

    class Status(models.TextChoices):
        RESERVED = "reserved", _("reserved")
        PUBLISHED = "published", _("published")
        RETRACTED = "retracted", _("retracted")

    statement = models.ForeignKey(
        Statement,
        on_delete=models.PROTECT,
        related_name="publications",
        verbose_name=_("statement"),
    )
    revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, related_name="publications", verbose_name=_("revision")
    )
    target = models.CharField(_("target"), max_length=20, choices=Target.choices)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.RESERVED
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    published_at = models.DateTimeField(_("published"), null=True)
    retracted_at = models.DateTimeField(_("retracted"), null=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints = (
            models.UniqueConstraint(
                fields=["statement", "target"], name="one_publication_per_statement_and_target"
            ),
        )

    def __str__(self) -> str:
        return self.get_target_display()
