"""Addresses under /api/ of campaigns; both spellings are routed."""

from django.urls import re_path

from campaigns.api import views
from campaigns.api.messages import Messages
from campaigns.api.one_message import OneMessage
from campaigns.api.senders import OneSender, Senders

SLUG = r"^campaigns/(?P<slug>[-a-zA-Z0-9_]{1,80})"

urlpatterns = [
    re_path(r"^senders/?\Z", Senders.as_view(), name="api-senders"),
    re_path(r"^senders/(?P<number>\d+)/?\Z", OneSender.as_view(), name="api-sender"),
    re_path(r"^campaigns/?\Z", views.Campaigns.as_view(), name="api-campaigns"),
    re_path(rf"{SLUG}/?\Z", views.OneCampaign.as_view(), name="api-campaign"),
    re_path(rf"{SLUG}/draft/?\Z", views.Draft.as_view(), name="api-campaign-draft"),
    re_path(rf"{SLUG}/rehearse/?\Z", views.Rehearse.as_view(), name="api-campaign-rehearse"),
    re_path(rf"{SLUG}/launch/?\Z", views.Launch.as_view(), name="api-campaign-launch"),
    re_path(rf"{SLUG}/undo/?\Z", views.Undo.as_view(), name="api-campaign-undo"),
    re_path(rf"{SLUG}/pause/?\Z", views.Pause.as_view(), name="api-campaign-pause"),
    re_path(rf"{SLUG}/resume/?\Z", views.Resume.as_view(), name="api-campaign-resume"),
    re_path(rf"{SLUG}/cancel/?\Z", views.Cancel.as_view(), name="api-campaign-cancel"),
    re_path(rf"{SLUG}/report/?\Z", views.Report.as_view(), name="api-campaign-report"),
    re_path(r"^messages/?\Z", Messages.as_view(), name="api-messages"),
    re_path(r"^messages/(?P<reference>[^/]+)/?\Z", OneMessage.as_view(), name="api-message"),
    re_path(r"^content/render/?\Z", views.RenderContent.as_view(), name="api-content-render"),
    re_path(r"^content/mjml/?\Z", views.RenderMjml.as_view(), name="api-content-mjml"),
]
