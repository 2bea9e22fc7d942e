"""Addresses under /api/; both spellings are routed, since a redirect would lose a POST."""

from django.urls import re_path

from config.team import keys_api, members_api, roles_api

INVITATION, KEY = r"^invitations/(?P<link_id>\d+)", r"^api-keys/(?P<key_id>\d+)"
urlpatterns = [
    re_path(r"^roles/?\Z", roles_api.RolesApi.as_view(), name="api-roles"),
    re_path(r"^roles/(?P<role>[-\w]+)/?\Z", roles_api.OneRole.as_view(), name="api-role"),
    re_path(r"^members/?\Z", members_api.Members.as_view(), name="api-members"),
    re_path(r"^members/(?P<member_id>\d+)/?\Z", members_api.OneMember.as_view(), name="api-member"),
    re_path(r"^invitations/?\Z", members_api.Invitations.as_view(), name="api-invitations"),
    re_path(rf"{INVITATION}/?\Z", members_api.OneInvitation.as_view(), name="api-invitation"),
    re_path(
        rf"{INVITATION}/resend/?\Z",
        members_api.ResendInvitation.as_view(),
        name="api-invitation-resend",
    ),
    re_path(r"^api-keys/?\Z", keys_api.ApiKeys.as_view(), name="api-keys"),
    re_path(rf"{KEY}/?\Z", keys_api.OneApiKey.as_view(), name="api-key"),
    re_path(rf"{KEY}/rotate/?\Z", keys_api.RotateApiKey.as_view(), name="api-key-rotate"),
]
