"""Addresses under /api/; both spellings are routed, since a redirect would lose a POST."""

from django.urls import re_path

from consent.api import (
    archives,
    exceptions,
    identity,
    policies,
    privacy,
    purposes,
    signals,
    views,
)
from consent.api.officer import datamap, incidents, retention

urlpatterns = [
    re_path(r"^consents/?\Z", views.Consents.as_view(), name="api-consents"),
    re_path(r"^suppressions/?\Z", views.Suppressions.as_view(), name="api-suppressions"),
    re_path(
        r"^suppressions/(?P<number>\d+)/?\Z", views.OneSuppression.as_view(), name="api-suppression"
    ),
    re_path(r"^privacy-requests/?\Z", privacy.PrivacyRequests.as_view(), name="api-privacy-list"),
    re_path(
        r"^privacy-requests/(?P<reference>[^/]+)/?\Z",
        privacy.OnePrivacyRequest.as_view(),
        name="api-privacy-request",
    ),
    *(
        re_path(
            rf"^privacy-requests/(?P<reference>[^/]+)/{name}/?\Z",
            view.as_view(),
            name=f"api-privacy-{name}",
        )
        for name, view in {
            "confirm": privacy.Confirm,
            "extend": privacy.Extend,
            "complete": privacy.Complete,
            "cancel": privacy.Cancel,
            "release": privacy.Release,
            "lift": privacy.Lift,
            "found": privacy.Found,
            "archive": archives.Archive,
            "certificate": privacy.Certificate,
            "receipts": privacy.Receipts,
            "verify": privacy.Verify,
            "identity": identity.WhoAsks,
            "letters": identity.Letters,
        }.items()
    ),
    re_path(
        r"^privacy-requests/(?P<reference>[^/]+)/keep/?\Z",
        exceptions.Exceptions.as_view(),
        name="api-privacy-keep",
    ),
    re_path(
        r"^privacy-requests/(?P<reference>[^/]+)/keep/(?P<number>\d+)/end/?\Z",
        exceptions.EndException.as_view(),
        name="api-privacy-keep-end",
    ),
    *(
        re_path(
            rf"^privacy-requests/(?P<reference>[^/]+)/archive/{name}/?\Z",
            view.as_view(),
            name=f"api-privacy-archive-{name}",
        )
        for name, view in {
            "make": archives.MakeArchive,
            "release": archives.ReleaseArchive,
            "revoke": archives.RevokeArchive,
            "redactions": archives.Redactions,
        }.items()
    ),
    re_path(
        r"^privacy-requests/(?P<reference>[^/]+)/archive/redactions/(?P<number>\d+)/?\Z",
        archives.OneRedaction.as_view(),
        name="api-privacy-redaction",
    ),
    re_path(
        r"^privacy-requests/(?P<reference>[^/]+)/letters/(?P<letter>\w+)/?\Z",
        identity.OneLetter.as_view(),
        name="api-privacy-letter",
    ),
    re_path(r"^consent-signals/?\Z", signals.ConsentSignals.as_view(), name="api-consent-signals"),
    re_path(
        r"^consent-signals/(?P<number>\d+)/?\Z",
        signals.OneConsentSignal.as_view(),
        name="api-consent-signal",
    ),
    re_path(r"^data-map/?\Z", datamap.DataMap.as_view(), name="api-data-map"),
    re_path(r"^incidents/?\Z", incidents.Incidents.as_view(), name="api-incidents"),
    re_path(
        r"^incidents/(?P<reference>[^/]+)/?\Z",
        incidents.OneIncident.as_view(),
        name="api-incident",
    ),
    re_path(
        r"^retention-rules/?\Z", retention.RetentionRules.as_view(), name="api-retention-rules"
    ),
    re_path(
        r"^retention-rules/(?P<number>\d+)/?\Z",
        retention.OneRule.as_view(),
        name="api-retention-rule",
    ),
    re_path(
        r"^retention-rules/(?P<number>\d+)/dry-run/?\Z",
        retention.DryRun.as_view(),
        name="api-retention-dry-run",
    ),
    re_path(r"^retention-runs/?\Z", retention.RetentionRuns.as_view(), name="api-retention-runs"),
    re_path(r"^policies/?\Z", policies.Policies.as_view(), name="api-policies"),
    re_path(r"^policies/(?P<slug>[-\w]+)/?\Z", policies.OnePolicy.as_view(), name="api-policy"),
    re_path(
        r"^policies/(?P<slug>[-\w]+)/dry-run/?\Z",
        policies.PolicyDryRun.as_view(),
        name="api-policy-dry-run",
    ),
    re_path(
        r"^policies/(?P<slug>[-\w]+)/versions/?\Z",
        policies.PolicyVersions.as_view(),
        name="api-policy-versions",
    ),
    re_path(r"^purposes/?\Z", purposes.Purposes.as_view(), name="api-purposes"),
    re_path(r"^purposes/(?P<slug>[-\w]+)/?\Z", purposes.OnePurpose.as_view(), name="api-purpose"),
]
