"""Console addresses of segments. No slug begins with `-`, so `-/` holds what is not one;
a computed trait is not called so."""

from django.urls import path

from segments.pages import builder, compare, exports, lists, live, people_acts, person, rfm, traits

app_name = "segments"
urlpatterns = [
    path("segments/", lists.segment_list, name="list"),
    path("segments/-/new/", builder.new, name="new"),
    path("segments/-/save/", builder.save, name="create"),
    path("segments/-/pick/", live.pick, name="pick"),
    path("segments/-/effect/", live.effect, name="effect"),
    path("segments/-/adds/", live.movers, {"way": "adds"}, name="adds"),
    path("segments/-/drops/", live.movers, {"way": "drops"}, name="drops"),
    path("segments/-/reach/", live.reach, name="reach"),
    path("segments/-/clauses/", live.clauses, name="clauses"),
    path("segments/-/rfm/", rfm.grid, name="rfm"),
    path("segments/-/rfm/moves/", rfm.moves, name="rfm_moves"),
    path("segments/-/rfm/terms/", rfm.choose_terms, name="rfm_terms"),
    path("traits/", traits.trait_list, name="traits"),
    path("traits/-/new/", traits.new, name="trait_new"),
    path("traits/-/save/", traits.save, name="trait_create"),
    path("traits/-/effect/", traits.effect, name="trait_effect"),
    path("traits/<str:name>/", traits.detail, name="trait"),
    path("traits/<str:name>/save/", traits.save, name="trait_save"),
    path("traits/<str:name>/refresh/", traits.refresh, name="trait_refresh"),
    path("traits/<str:name>/delete/", traits.delete, name="trait_delete"),
    path("exports/", exports.exports, name="exports"),
    path("exports/-/new/", exports.new, name="export_new"),
    path("exports/-/form/", exports.form, name="export_form"),
    path("exports/-/ask/", exports.ask, name="export_ask"),
    path("exports/<uuid:public_id>/file/", exports.fetch, name="export_file"),
    path("exports/<uuid:public_id>/revoke/", exports.revoke, name="export_revoke"),
    path("segments/-/compare/", compare.compare, name="compare"),
    path("segments/-/overlap/", live.overlaps, name="overlap"),
    path("segments/-/why/<uuid:person>/", live.why, name="why"),
    path("people/-/list/", people_acts.put_on_list, name="people_list"),
    path("people/<uuid:public_id>/lists/", person.lists, name="person_lists"),
    path("people/<uuid:public_id>/test/", person.test, name="person_test"),
    path("segments/<slug:slug>/", builder.detail, name="detail"),
    path("segments/<slug:slug>/save/", builder.save, name="save"),
    path("segments/<slug:slug>/duplicate/", builder.duplicate, name="duplicate"),
    path("segments/<slug:slug>/reachable/", lists.reachable, name="reachable"),
    path("segments/<slug:slug>/refresh/", lists.refresh, name="refresh"),
    path("segments/<slug:slug>/archive/", lists.archive, name="archive"),
    path("segments/<slug:slug>/restore/", lists.restore, name="restore"),
    path("segments/<slug:slug>/why/<uuid:person>/", live.why_member, name="why-member"),
    path("segments/<slug:slug>/people/", lists.people, name="members"),
]
