"""Console pages about permissions, under /console/."""

from django.urls import path

from consent.pages import actions

app_name = "consent"
urlpatterns = [
    path(
        "people/<uuid:public_id>/permissions/<int:entry_id>/take-back/",
        actions.take_back_view,
        name="take_back",
    ),
]
