"""A person is found by what they are known by, and by each digest of it."""

import hashlib

import pytest

from consent.models import PrivacyRequest
from consent.opendsr.identities import Identity, references
from profiles.models import Identifier
from tests.consent.opendsr.conftest import body_of

pytestmark = pytest.mark.django_db
IDFA = "6D92078A-8246-4BA4-AE5B-76104861E7DC"
NAMED = [
    ("email", "maya@example.com", "email:maya@example.com"),
    ("phone", "+31612345678", "phone:+31612345678"),
    ("controller_customer_id", "Maya-4711", "user_id:Maya-4711"),
    ("ios_vendor_id", IDFA, f"device_id:{IDFA}"),
    ("ios_vendor_id", IDFA.lower(), f"device_id:{IDFA}"),
]


@pytest.mark.parametrize("format_", ["raw", "md5", "sha1", "sha256"])
@pytest.mark.parametrize(("type_", "value", "reference"), NAMED)
def test_every_format_finds_the_person(maya, controller, type_, value, reference, format_):
    given = value if format_ == "raw" else hashlib.new(format_, value.encode()).hexdigest()
    assert references([Identity(type_, given, format_)]) == [reference]
    assert references([Identity(type_, given.upper(), format_)]) == [reference] or format_ == "raw"
    answer = controller.send(body_of((type_, given, format_)))
    assert answer.status_code == 201
    owner = Identifier.objects.get(value="maya@example.com").profile_id
    assert PrivacyRequest.objects.get().profile_id == owner


def test_several_identities_are_one_person_and_what_is_unknown_is_kept_out_as_it_was_given(
    maya, django_assert_num_queries
):
    digest = {name: hashlib.new(name, b"maya@example.com").hexdigest() for name in ("md5", "sha1")}
    given = [
        Identity("email", " Maya@Example.com", "raw"),
        Identity("email", digest["md5"], "md5"),
        Identity("email", digest["sha1"], "sha1"),
        Identity("email", "new@example.com", "raw"),
        Identity("android_id", "Aa-1", "raw"),
        Identity("email", "0" * 64, "sha256"),
    ]
    found = [
        "email:maya@example.com", "email:new@example.com", "android_id:Aa-1",
    ]  # fmt: skip
    with django_assert_num_queries(
        4
    ):  # raw, md5 and sha256; sha1 is streamed between two savepoints
        assert references(given) == found


def test_a_digest_of_a_number_may_be_without_its_plus(maya):
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, b"31612345678").hexdigest()
        assert references([Identity("phone", digest, name)]) == ["phone:+31612345678"]


def test_a_digest_finds_nobody_of_another_kind(maya):
    digest = hashlib.sha256(b"maya@example.com").hexdigest()
    assert references([Identity("phone", digest, "sha256")]) == []
