"""Console pages about people, under /console/."""

from django.urls import path

from profiles.views import customer, live, notes, people, sources

app_name = "profiles"
urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/joins/<int:merge_id>/undo/", customer.undo_join, name="undo_join"),
    path("people/joins/<int:merge_id>/again/", customer.join_again, name="join_again"),
    path("people/<uuid:public_id>/", customer.customer, name="person"),
    path("people/<uuid:public_id>/timeline/", customer.customer_timeline, name="timeline"),
    path("people/<uuid:public_id>/use/", customer.use_trait, name="use_trait"),
    path("people/<uuid:public_id>/note/", notes.new_note, name="new_note"),
    path("people/<uuid:public_id>/note/<int:note_id>/", notes.note, name="note"),
    path("sources/<int:source_id>/key/", sources.rotate_key, name="rotate_key"),
    path("live/", live.live, name="live"),
    path("live/newer/", live.newer, name="live_newer"),
    path("live/<int:profile_id>/<int:event_id>/", live.call, name="live_call"),
]
