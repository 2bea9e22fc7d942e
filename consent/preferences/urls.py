"""Public addresses, mounted at the root."""

from django.urls import re_path

from consent.preferences import confirm, data, own, views

TOKEN = r"(?P<token>[A-Za-z0-9_-]{16,200})"  # noqa: S105 - a pattern

urlpatterns = [
    re_path(rf"^u/{TOKEN}/?\Z", views.unsubscribe, name="unsubscribe"),
    re_path(rf"^preferences/{TOKEN}/?\Z", views.preference_centre, name="preferences"),
    re_path(rf"^preferences/{TOKEN}/data/?\Z", data.data_page, name="preferences-data"),
    re_path(r"^privacy/?\Z", own.ask_page, name="own-ask"),
    re_path(rf"^privacy/link/{TOKEN}/?\Z", own.link_page, name="own-link"),
    re_path(rf"^privacy/mine/{TOKEN}/?\Z", own.mine_page, name="own-mine"),
    re_path(
        rf"^privacy/mine/{TOKEN}/archive\.(?P<form>html|json)\Z", own.fetch_page, name="own-fetch"
    ),
    re_path(rf"^privacy/archive/{TOKEN}/?\Z", own.archive_page, name="own-archive"),
    re_path(rf"^confirm/{TOKEN}/?\Z", confirm.confirm_view, name="confirm"),
]
