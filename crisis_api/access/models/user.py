from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.lib.ids import uuid7


class User(AbstractUser):
    """The account that signs in. What a person may do comes from the memberships of its Owner.

    `is_staff` opens the admin, `is_superuser` only adds people, teams and memberships: neither
    shows the rows of a team that the person is not a member of.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("email address"), blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
