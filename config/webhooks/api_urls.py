"""Addresses under /api/; both spellings are routed, since a redirect would lose a POST."""

from django.urls import re_path

from config.webhooks import api

ONE = r"^webhooks/(?P<webhook_id>\d+)"
urlpatterns = [
    re_path(r"^webhooks/?\Z", api.Webhooks.as_view(), name="api-webhooks"),
    re_path(r"^webhooks/events/?\Z", api.WebhookEvents.as_view(), name="api-webhook-events"),
    re_path(rf"{ONE}/?\Z", api.OneWebhook.as_view(), name="api-webhook"),
    re_path(rf"{ONE}/rotate/?\Z", api.RotateWebhook.as_view(), name="api-webhook-rotate"),
    re_path(rf"{ONE}/ping/?\Z", api.PingWebhook.as_view(), name="api-webhook-ping"),
    re_path(rf"{ONE}/replay/?\Z", api.ReplayWebhook.as_view(), name="api-webhook-replay"),
    re_path(
        rf"{ONE}/deliveries/?\Z", api.WebhookDeliveries.as_view(), name="api-webhook-deliveries"
    ),
    re_path(
        rf"{ONE}/deliveries/(?P<delivery>[^/]+)/replay/?\Z",
        api.ReplayDelivery.as_view(),
        name="api-webhook-delivery-replay",
    ),
]
