"""Paths of the public page, below `/status/`."""

from django.urls import path

from responses.status_page import views

app_name = "status_page"
urlpatterns = [
    path("<slug:slug>/", views.page, name="page"),
    path("<slug:slug>/feed.atom", views.atom, name="atom"),
    path("<slug:slug>/feed.json", views.json_feed, name="json_feed"),
    path("<slug:slug>/<uuid:statement_id>/", views.statement, name="statement"),
]
