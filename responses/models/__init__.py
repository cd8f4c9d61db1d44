from responses.models.desk import DeskSettings
from responses.models.follow_up import FollowUp
from responses.models.statement import (
    Approval,
    Publication,
    Remark,
    Revision,
    RevisionAuthor,
    Statement,
)
from responses.models.status_page import FeedEntry, StatusPage
from responses.models.ticket import SupportTicket
from responses.models.webhook import WebhookDelivery, WebhookEndpoint

__all__ = [
    "Approval",
    "DeskSettings",
    "FeedEntry",
    "FollowUp",
    "Publication",
    "Remark",
    "Revision",
    "RevisionAuthor",
    "Statement",
    "StatusPage",
    "SupportTicket",
    "WebhookDelivery",
    "WebhookEndpoint",
]
