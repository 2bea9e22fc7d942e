"""Console pages about campaigns and messages, under /console/."""

from django.urls import path, register_converter

from campaigns.evidence import pages
from campaigns.pages import listing, send_one, step_pages
from campaigns.pages.checks import checks, earlier, excluded
from campaigns.pages.editor import previews, send_test
from campaigns.pages.launch import launch_number, launch_page
from campaigns.pages.log import keeping, messages
from campaigns.pages.report import report


class CampaignSlug:
    """A slug that is none of our own pages, nor a model of the admin under /console/campaigns/."""

    regex = "(?!(?:new|sender)/)[-a-zA-Z0-9_]+"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(CampaignSlug, "campaign")

app_name = "campaigns"
urlpatterns = [
    path("campaigns/", listing.campaigns, name="list"),
    path("campaigns/new/", listing.new, name="new"),
    path("campaigns/<campaign:slug>/", step_pages.detail, name="detail"),
    path("campaigns/<campaign:slug>/copy/", listing.copy, name="copy"),
    path("campaigns/<campaign:slug>/delete/", listing.delete, name="delete"),
    path("campaigns/<campaign:slug>/reach/", step_pages.reach, name="reach"),
    path("campaigns/<campaign:slug>/preview/", previews.panel, name="preview"),
    path("campaigns/<campaign:slug>/preview/mail/", previews.frame, name="frame"),
    path("campaigns/<campaign:slug>/preview/people/", previews.people, name="people"),
    path("campaigns/<campaign:slug>/test/", send_test.test_to_myself, name="test"),
    path("campaigns/<campaign:slug>/count/", checks.count, name="count"),
    path("campaigns/<campaign:slug>/number/", launch_number.number, name="number"),
    path("campaigns/<campaign:slug>/left-out/<slug:reason>/", excluded.people, name="left_out"),
    path("campaigns/<campaign:slug>/earlier/<slug:kind>/", earlier.people, name="earlier"),
    path("campaigns/<campaign:slug>/go/", launch_page.launch, name="launch"),
    path("campaigns/<campaign:slug>/undo/", launch_page.undo, name="undo"),
    path("campaigns/<campaign:slug>/pause/", launch_page.pause, name="pause"),
    path("campaigns/<campaign:slug>/resume/", launch_page.resume, name="resume"),
    path("campaigns/<campaign:slug>/cancel/", launch_page.cancel, name="cancel"),
    path("campaigns/<campaign:slug>/retry/", launch_page.retry, name="retry"),
    path("campaigns/<campaign:slug>/progress/", launch_page.progress, name="progress"),
    path("campaigns/<campaign:slug>/report/", report.report_page, name="report"),
    path("campaigns/<campaign:slug>/<slug:here>/", step_pages.step, name="step"),
    path("privacy/prove/", pages.prove_view, name="prove"),
    path(
        "privacy/prove/<int:profile_id>/<int:message_id>/",
        pages.message_proof_view,
        name="message_proof",
    ),
    path(
        "privacy/prove/permission/<int:profile_id>/<int:entry_id>.json",
        pages.proof_file_view,
        name="proof_file",
    ),
    path("privacy/prove/verify_proof.py", pages.script_view, name="proof_script"),
    path("messages/segment/", keeping.keep, name="keep_people"),
    path("people/<uuid:public_id>/send/", send_one.send_one, name="send_one"),
    path("people/<uuid:public_id>/send/mail/", send_one.frame, name="send_one_frame"),
    path("messages/", messages.messages_page, name="messages"),
    path("messages/<int:profile_id>/<int:message_id>/", messages.message, name="message"),
]
