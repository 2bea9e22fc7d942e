"""Pages of roles, under /console/."""

from django.urls import path

from config.team import views

app_name = "team"
urlpatterns = [
    path("team/roles/", views.roles, name="roles"),
    path("team/roles/new/", views.new_role, name="new_role"),
    path("team/roles/<slug:role>/", views.one_role, name="role"),
    path("team/roles/<slug:role>/edit/", views.edit_role, name="edit_role"),
    path("team/roles/<slug:role>/delete/", views.remove_role, name="delete_role"),
]
