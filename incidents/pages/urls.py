"""Paths of pages for people."""

from django.urls import path

from incidents.pages.acknowledge import acknowledge

urlpatterns = [path("ack/<str:token>/", acknowledge, name="acknowledge")]
