"""Console pages about permissions and privacy, under /console/."""

from django.urls import path

from consent.pages import actions, ledger, person
from consent.pages.banner import views as banner
from consent.pages.datamap import views as datamap
from consent.pages.incidents import views as incidents
from consent.pages.policies import views as policies
from consent.pages.requests import archives, certificates, exceptions, lists, views
from consent.pages.retention import views as retention

REQUEST = "privacy/requests/<uuid:public_id>/"
INCIDENT = "privacy/incidents/<uuid:public_id>/"
RULE = "privacy/retention/<int:number>/"
app_name = "consent"
urlpatterns = [
    path(
        "people/<uuid:public_id>/permissions/<int:entry_id>/take-back/",
        actions.take_back_view,
        name="take_back",
    ),
    path("people/<uuid:public_id>/withdraw/", person.withdraw, name="person_withdraw"),
    path("people/<uuid:public_id>/suppress/", person.suppress_address, name="person_suppress"),
    path("privacy/permissions/", ledger.ledger_view, name="ledger"),
    path("privacy/permissions/<uuid:public_id>/", ledger.person_ledger_view, name="person_ledger"),
    path("privacy/requests/", lists.requests_view, name="requests"),
    path("privacy/banner/", banner.banners_view, name="banners"),
    path("privacy/banner/<int:source_id>/", banner.banner_view, name="banner"),
    path("privacy/banner/<int:source_id>/preview/", banner.preview_view, name="banner_preview"),
    path("privacy/requests/new/", views.new_request_view, name="new_request"),
    path(REQUEST, views.request_view, name="request"),
    path(f"{REQUEST}archive.<slug:form>", archives.archive_file_view, name="request_archive"),
    path(f"{REQUEST}archive/", archives.review_view, name="request_archive_review"),
    path(f"{REQUEST}archive/<slug:act>/", archives.archive_turn_view, name="request_archive_turn"),
    path(f"{REQUEST}certificate/", certificates.certificate_view, name="certificate"),
    path(
        f"{REQUEST}certificate.json",
        certificates.certificate_file_view,
        name="request_certificate",
    ),
    path(f"{REQUEST}keep/", exceptions.keep_view, name="request_keep"),
    path(f"{REQUEST}keep/<int:number>/end/", exceptions.end_view, name="request_keep_end"),
    path(f"{REQUEST}<slug:turn>/", views.turn_view, name="request_turn"),
    path("privacy/policies/", policies.policies_view, name="policies"),
    path("privacy/policies/new/", policies.new_policy_view, name="new_policy"),
    path("privacy/policies/<slug:slug>/", policies.policy_view, name="policy"),
    path("privacy/data-map/", datamap.data_map_view, name="data_map"),
    path("privacy/data-map/decide/", datamap.decide_view, name="decide_field"),
    path("privacy/register/", datamap.register_view, name="register"),
    path("privacy/register.csv", datamap.register_csv_view, name="register_csv"),
    path("privacy/register/controller/", datamap.controller_view, name="controller"),
    path("privacy/register/<slug:slug>/", datamap.record_view, name="processing_record"),
    path("privacy/incidents/", incidents.incidents_view, name="incidents"),
    path("privacy/incidents/new/", incidents.new_incident_view, name="new_incident"),
    path(INCIDENT, incidents.incident_view, name="incident"),
    path(f"{INCIDENT}<slug:turn>/", incidents.incident_turn_view, name="incident_turn"),
    path("privacy/retention/", retention.retention_view, name="retention"),
    path("privacy/retention/new/", retention.new_rule_view, name="new_retention_rule"),
    path(RULE, retention.rule_view, name="retention_rule"),
    path(f"{RULE}<slug:turn>/", retention.rule_turn_view, name="retention_rule_turn"),
]
