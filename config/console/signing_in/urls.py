"""Addresses of the entrance and of what one sees to oneself, below /console/."""

from django.urls import path

from config.console.signing_in import invitations, keys, resets, team

app_name = "access"
urlpatterns = [
    path("invitation/<str:token>/", invitations.view, name="invitation"),
    path("reset/", resets.ask, name="forgotten"),
    path("reset/<str:token>/", resets.choose, name="new_password"),
    path("team/", team.team, name="team"),
    path("team/invitations/<int:link_id>/again/", team.send_again, name="invite_again"),
    path("team/invitations/<int:link_id>/revoke/", team.revoke, name="revoke_invitation"),
    path("workspace/apikey/<int:key_id>/renew/", keys.rotate, name="rotate_key"),
    path("team/rules/", team.change_rules, name="change_rules"),
    path("team/<int:user_id>/factors/", team.take_factors_away, name="take_factors_away"),
    path("team/<int:user_id>/reset/", team.reset_password, name="reset_password"),
]
