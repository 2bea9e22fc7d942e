"""Console pages about campaigns and messages, under /console/."""

from django.urls import path, register_converter

from campaigns.views import (
    checking,
    earlier,
    editor,
    launch_number,
    leaving,
    left_out,
    listing,
    messages,
    previews,
    reporting,
    testing,
)


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
    path("campaigns/<campaign:slug>/", editor.detail, name="detail"),
    path("campaigns/<campaign:slug>/copy/", listing.copy, name="copy"),
    path("campaigns/<campaign:slug>/delete/", listing.delete, name="delete"),
    path("campaigns/<campaign:slug>/reach/", editor.reach, name="reach"),
    path("campaigns/<campaign:slug>/preview/", previews.panel, name="preview"),
    path("campaigns/<campaign:slug>/preview/mail/", previews.frame, name="frame"),
    path("campaigns/<campaign:slug>/preview/people/", previews.people, name="people"),
    path("campaigns/<campaign:slug>/test/", testing.test_to_myself, name="test"),
    path("campaigns/<campaign:slug>/count/", checking.count, name="count"),
    path("campaigns/<campaign:slug>/number/", launch_number.number, name="number"),
    path("campaigns/<campaign:slug>/left-out/<slug:reason>/", left_out.people, name="left_out"),
    path("campaigns/<campaign:slug>/earlier/<slug:kind>/", earlier.people, name="earlier"),
    path("campaigns/<campaign:slug>/go/", leaving.launch, name="launch"),
    path("campaigns/<campaign:slug>/undo/", leaving.undo, name="undo"),
    path("campaigns/<campaign:slug>/pause/", leaving.pause, name="pause"),
    path("campaigns/<campaign:slug>/resume/", leaving.resume, name="resume"),
    path("campaigns/<campaign:slug>/cancel/", leaving.cancel, name="cancel"),
    path("campaigns/<campaign:slug>/retry/", leaving.retry, name="retry"),
    path("campaigns/<campaign:slug>/progress/", leaving.progress, name="progress"),
    path("campaigns/<campaign:slug>/report/", reporting.report_page, name="report"),
    path("campaigns/<campaign:slug>/<slug:here>/", editor.step, name="step"),
    path("messages/", messages.messages_page, name="messages"),
    path("messages/<int:profile_id>/<int:message_id>/", messages.message, name="message"),
]
