"""Console pages about permissions, under /console/."""

from django.urls import path

from consent import console

app_name = "consent"
urlpatterns = [
    path(
        "people/<uuid:public_id>/permissions/<int:entry_id>/take-back/",
        console.take_back_view,
        name="take_back",
    ),
]
