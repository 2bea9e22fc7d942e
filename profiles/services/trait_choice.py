"""A person of the team settles which of two values holds."""

from django.db import transaction
from django.utils import timezone

from config.workspace import audit
from profiles.changes import announce
from profiles.models import Profile, ProfileTrait
from profiles.services.sources import internal_source

CONSOLE = "Console"


class NoSuchStatement(LookupError):
    """The statement to use is not this person's, or gone."""


@transaction.atomic
def use_statement(*, profile: Profile, statement_id: int) -> str:
    """Say what this statement says, now and in the console's name, so that it wins.

    The trait's name. Raises NoSuchStatement.
    """
    source = internal_source(CONSOLE)
    person = Profile.objects.select_for_update().get(pk=profile.pk)
    said = ProfileTrait.objects.filter(profile_id=person.pk, pk=statement_id).first()
    if said is None:
        raise NoSuchStatement(statement_id)
    ProfileTrait.objects.update_or_create(
        profile_id=person.pk,
        name=said.name,
        source_id=source.pk,
        identifier_id=said.identifier_id,
        defaults={"value": said.value, "set_at": timezone.now()},
    )
    person.traits = person.traits | {said.name: said.value}
    person.save(update_fields=["traits"])
    announce([person.pk], [f"trait:{said.name}"])
    audit.record(
        "profile.trait_chosen",
        "profile",
        str(person.public_id),
        fields=[said.name[:100]],
        profile_id=person.pk,
    )
    return said.name
