"""Paths of pages for people."""

from django.urls import path

from incidents.pages.acknowledge import acknowledge
from incidents.pages.calendar import feed

urlpatterns = [
    path("ack/<str:token>/", acknowledge, name="acknowledge"),
    path("calendar/<str:token>.ics", feed, name="calendar_feed"),
]
