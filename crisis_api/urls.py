"""Every path of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from crisis_api import views
from crisis_api.access import login
from crisis_api.lib.drf import docs

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/login/", login.sign_in),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", docs.SchemaView.as_view(), name="schema"),
    path("api/v1/docs/", docs.DocsView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include("crisis_api.access.api.urls")),
    path("api/v1/", include("incidents.api.urls")),
    path("api/v1/", include("responses.api.urls")),
    path("", include("incidents.pages.urls")),
    path("status/", include("responses.status_page.urls")),
    # Browsers ask for it wherever they are, the public pages included.
    path("favicon.ico", views.icon),
    path("healthz/live", views.live),
    path("healthz/ready", views.ready),
    path("healthz/engine", views.engine),
    path("metrics", views.metrics),
]

handler400 = "crisis_api.error_pages.handler400"
handler403 = "crisis_api.error_pages.handler403"
handler404 = "crisis_api.error_pages.handler404"
handler500 = "crisis_api.error_pages.handler500"
