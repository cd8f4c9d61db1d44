"""Paths of pages for people."""

from django.urls import path

from incidents.pages.acknowledge import acknowledge
from incidents.pages.calendar import feed
from incidents.pages.connect import tiktok

urlpatterns = [
    path("ack/<str:token>/", acknowledge, name="acknowledge"),
    path("connect/tiktok/", tiktok, name="connected_tiktok"),
    path("calendar/<str:token>.ics", feed, name="calendar_feed"),
]
