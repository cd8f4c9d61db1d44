"""Trying a contact point: the senders are of this layer, the contact points of the one below."""

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin.contact_points import ContactPointAdmin
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.lib.errors import Refused
from incidents.services import contact_point_tests


def _try_out(act: Act) -> None:
    outcome = contact_point_tests.try_out(act.row, by=act.by)
    if not outcome.sent:
        words = {"code": outcome.code, "detail": outcome.detail}
        raise Refused(_now("It could not be sent (%(code)s): %(detail)s") % words, code="not_sent")


ContactPointAdmin.extend(
    Verb(
        "test",
        _("Send a test"),
        "contact_points.manage",
        _try_out,
        explains=_("One message goes there at once, and says that it is a test."),
        done=_("The test message was sent."),
        icon="send",
    )
)
