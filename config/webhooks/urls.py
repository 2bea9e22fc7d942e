"""Pages of webhooks, under /console/."""

from django.urls import path

from config.webhooks import views

ONE = "webhooks/<int:webhook_id>/"
app_name = "webhooks"
urlpatterns = [
    path("webhooks/", views.webhooks_view, name="list"),
    path("webhooks/new/", views.new_webhook_view, name="new"),
    path(ONE, views.webhook_view, name="webhook"),
    path(f"{ONE}edit/", views.edit_webhook_view, name="edit"),
    path(f"{ONE}key/", views.rotate_view, name="rotate"),
    path(f"{ONE}calls/<uuid:delivery>/replay/", views.replay_one_view, name="replay_one"),
    path(f"{ONE}do/<slug:act>/", views.act_view, name="act"),
]
