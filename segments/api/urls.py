"""Both spellings of each address: a redirect would lose a POST."""

from django.urls import re_path

from segments.api import computed, exports, rfm, views

SLUG = r"(?P<slug>[-\w]+)"

NAME = r"(?P<name>[^/]+)"

ID = r"(?P<id>[-0-9a-fA-F]+)"

urlpatterns = [
    re_path(r"^exports/?$", exports.ExportsView.as_view(), name="api-exports"),
    re_path(rf"^exports/{ID}/?$", exports.ExportView.as_view(), name="api-export"),
    re_path(
        r"^computed-traits/?$", computed.ComputedTraitsView.as_view(), name="api-computed-traits"
    ),
    re_path(
        r"^computed-traits/preview/?$",
        computed.ComputedPreviewView.as_view(),
        name="api-computed-preview",
    ),
    re_path(
        rf"^computed-traits/{NAME}/?$",
        computed.ComputedTraitView.as_view(),
        name="api-computed-trait",
    ),
    re_path(
        rf"^computed-traits/{NAME}/refresh/?$",
        computed.ComputedRefreshView.as_view(),
        name="api-computed-refresh",
    ),
    re_path(r"^insights/rfm/?$", rfm.RfmView.as_view(), name="api-rfm"),
    re_path(
        r"^insights/rfm/migration/?$", rfm.RfmMigrationView.as_view(), name="api-rfm-migration"
    ),
    re_path(r"^segments/?$", views.SegmentsView.as_view(), name="api-segments"),
    re_path(r"^segments/preview/?$", views.PreviewView.as_view(), name="api-segment-preview"),
    re_path(rf"^segments/{SLUG}/?$", views.SegmentView.as_view(), name="api-segment"),
    re_path(rf"^segments/{SLUG}/refresh/?$", views.RefreshView.as_view(), name="api-refresh"),
    re_path(rf"^segments/{SLUG}/versions/?$", views.VersionsView.as_view(), name="api-versions"),
    re_path(rf"^segments/{SLUG}/duplicate/?$", views.DuplicateView.as_view(), name="api-duplicate"),
    re_path(rf"^segments/{SLUG}/restore/?$", views.RestoreView.as_view(), name="api-restore"),
    re_path(rf"^segments/{SLUG}/members/?$", views.MembersView.as_view(), name="api-members"),
]
