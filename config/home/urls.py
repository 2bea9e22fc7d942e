"""Pages of the installation itself, mounted at /console/."""

from django.urls import path

from config.home import mailbox

app_name = "console"
urlpatterns = [
    path("mailbox/", mailbox.listing, name="mailbox"),
    path("mailbox/<str:mail_id>/", mailbox.one, name="mail"),
    path("mailbox/<str:mail_id>/html/", mailbox.html, name="mail_html"),
    path("mailbox/<str:mail_id>/raw/", mailbox.raw, name="mail_raw"),
]
