"""What the audit trail says, in the reader's language: actions, objects, actors and details.

The one vocabulary for all apps: `audit.record` keeps codes, and a test walks every code written
anywhere and asks for its words here. Some codes name their object (`source.created`), some do not
(`launch` of a `campaign`): both are looked up as `kind.verb`.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.workspace.models import AuditEntry

Words = str | Promise

KINDS: dict[str, Words] = {
    "api_key": gettext_lazy("API key"),
    "apikey": gettext_lazy("API key"),
    "banner": gettext_lazy("Banner"),
    "campaign": gettext_lazy("Campaign"),
    "consent": gettext_lazy("Permission"),
    "invitation": gettext_lazy("Invitation"),
    "event": gettext_lazy("Event"),
    "eventdefinition": gettext_lazy("Event definition"),
    "exchangerate": gettext_lazy("Exchange rate"),
    "fieldtag": gettext_lazy("Personal data tag"),
    "breachclock": gettext_lazy("Clock of incidents"),
    "incident": gettext_lazy("Incident"),
    "mail": gettext_lazy("Mail in the demo mailbox"),
    "merge": gettext_lazy("Joined people"),
    "message": gettext_lazy("Message"),
    "note": gettext_lazy("Note on a person"),
    "identityprovider": gettext_lazy("Identity provider"),
    "deadlinerule": gettext_lazy("Deadline"),
    "erasureduty": gettext_lazy("Data kept by law"),
    "policy": gettext_lazy("Policy"),
    "privacy_request": gettext_lazy("Privacy request"),
    "processing_record": gettext_lazy("Entry of the register of processing"),
    "profile": gettext_lazy("Person"),
    "retention_rule": gettext_lazy("Retention rule"),
    "purpose": gettext_lazy("Purpose"),
    "role": gettext_lazy("Role"),
    "secret": gettext_lazy("Key of public links"),
    "segment": gettext_lazy("Segment"),
    "trait": gettext_lazy("Computed trait"),
    "export": gettext_lazy("Export"),
    "sender": gettext_lazy("Sender"),
    "signalmapping": gettext_lazy("Consent signal"),
    "source": gettext_lazy("Source"),
    "suppression": gettext_lazy("Suppression"),
    "topic": gettext_lazy("Topic"),
    "traitname": gettext_lazy("Trait name"),
    "user": gettext_lazy("Team member"),
    "usualname": gettext_lazy("Usual name"),
    "wording": gettext_lazy("Wording"),
    "webhook": gettext_lazy("Webhook"),
    "workspace": gettext_lazy("Workspace"),
}
# what happens to things of any kind, with the codes that say so: the last part of `kind.verb`
VERBS: dict[str, Words] = {
    "created": gettext_lazy("%(thing)s created"),
    "changed": gettext_lazy("%(thing)s changed"),
    "deleted": gettext_lazy("%(thing)s deleted"),
    "archived": gettext_lazy("%(thing)s archived"),
    "restored": gettext_lazy("%(thing)s restored from the archive"),
}
SAME_VERB = {
    "create": "created",
    "change": "changed",
    "update": "changed",
    "delete": "deleted",
    "archive": "archived",
    "restore": "restored",
}
ACTIONS: dict[str, Words] = {
    "api_key.rotated": gettext_lazy("API key renewed"),
    "api_key.revoked": gettext_lazy("API key revoked"),
    "attach.undone": gettext_lazy("Call taken apart from the person who took it in"),
    "campaign.cancel": gettext_lazy("Campaign cancelled"),
    "campaign.finish": gettext_lazy("Campaign finished"),
    "campaign.launch": gettext_lazy("Campaign launched"),
    "campaign.pause": gettext_lazy("Campaign paused"),
    "campaign.previewed": gettext_lazy("Campaign previewed as a person"),
    "campaign.resume": gettext_lazy("Campaign resumed"),
    "campaign.send_test": gettext_lazy("Test mail of a campaign sent"),
    "campaign.undo_launch": gettext_lazy("Launch of a campaign undone"),
    "consent.listed": gettext_lazy("Permissions listed"),
    "consent.withdrawn_for": gettext_lazy("Permissions withdrawn for a person who asked for it"),
    "consent.taken_back": gettext_lazy("Unproven permission taken back"),
    "demo.role_switched": gettext_lazy("Demo: another role taken on"),
    "demo.replayed": gettext_lazy("Demo: the past of an erased person sent again"),
    "demo.traffic_switched": gettext_lazy("Demo: the shop's traffic switched"),
    "event.listed": gettext_lazy("Live events looked at"),
    "event.viewed": gettext_lazy("Event looked at"),
    "invitation.accepted": gettext_lazy("Invitation accepted"),
    "invitation.revoked": gettext_lazy("Invitation taken back"),
    "invitation.sent_again": gettext_lazy("Invitation sent again"),
    "incident.closed": gettext_lazy("Incident closed"),
    "incident.counted": gettext_lazy("Whom an incident touched was counted"),
    "incident.listed": gettext_lazy("People of an incident put on a list"),
    "incident.told": gettext_lazy("Written down that an incident was told"),
    "incident.viewed": gettext_lazy("Incident looked at"),
    "mail.downloaded": gettext_lazy("Mail in the demo mailbox downloaded"),
    "mail.viewed": gettext_lazy("Mail in the demo mailbox looked at"),
    "merge.made": gettext_lazy("People joined again"),
    "merge.undone": gettext_lazy("People taken apart"),
    "message.listed": gettext_lazy("Messages listed"),
    "message.send": gettext_lazy("Single message sent"),
    "message.viewed": gettext_lazy("Message looked at"),
    "password.changed": gettext_lazy("The password was changed"),
    "privacy.called_again": gettext_lazy("Callbacks of a privacy request tried again"),
    "privacy.archived": gettext_lazy("Archive of a person's data downloaded"),
    "privacy.archive_fetched": gettext_lazy("Archive fetched by the person"),
    "privacy.archive_made": gettext_lazy("Archive of a person's data made"),
    "privacy.archive_released": gettext_lazy("Archive handed over to the person"),
    "privacy.archive_revoked": gettext_lazy("Link to an archive revoked"),
    "privacy.redacted": gettext_lazy("Something withheld in an archive"),
    "privacy.shown_again": gettext_lazy("Something withheld in an archive no more"),
    "privacy.assigned": gettext_lazy("Privacy request handed to somebody of the team"),
    "privacy.cancelled": gettext_lazy("Privacy request cancelled"),
    "privacy.commented": gettext_lazy("Comment on a privacy request"),
    "privacy.completed": gettext_lazy("Privacy request completed"),
    "privacy.confirmed": gettext_lazy("Privacy request confirmed: it comes from the person"),
    "privacy.erased": gettext_lazy("Person erased, and nothing of them found"),
    "privacy.extended": gettext_lazy("Privacy request given more time"),
    "privacy.letter_edited": gettext_lazy("Letter of a privacy request worded"),
    "privacy.letter_sent": gettext_lazy("Letter of a privacy request sent"),
    "privacy.link_asked": gettext_lazy("Link asked for that proves who somebody is"),
    "privacy.link_sent": gettext_lazy("Link sent that proves who somebody is"),
    "privacy.listed": gettext_lazy("Privacy requests listed"),
    "privacy.proven": gettext_lazy("Identity proved by a link"),
    "privacy.received": gettext_lazy("Privacy request received"),
    "privacy.released": gettext_lazy("Block of an erased person released"),
    "evidence.searched": gettext_lazy("Evidence of a person looked up"),
    "evidence.viewed": gettext_lazy("Evidence of a message looked at"),
    "evidence.exported": gettext_lazy("Proof of a permission taken as a file"),
    "privacy.kept": gettext_lazy("Data that an erasure leaves chosen"),
    "privacy.kept_no_more": gettext_lazy("Data that an erasure left given up"),
    "privacy.lifted": gettext_lazy("Restriction of a person lifted"),
    "privacy.started": gettext_lazy("Privacy request being carried out"),
    "privacy.written_to": gettext_lazy("A person wrote more to their privacy request"),
    "privacy.told_again": gettext_lazy("Destinations told of an erasure again"),
    "privacy.viewed": gettext_lazy("Privacy request looked at"),
    "profile.exported": gettext_lazy("People taken out as a file"),
    "export.asked": gettext_lazy("File of people asked for"),
    "export.downloaded": gettext_lazy("File of people downloaded"),
    "export.revoked": gettext_lazy("File of people taken away"),
    "profile.listed": gettext_lazy("People listed"),
    "profile.search": gettext_lazy("People searched from the search box"),
    "profile.searched": gettext_lazy("People searched"),
    "profile.trait_chosen": gettext_lazy("Value of a person chosen by hand"),
    "profile.viewed": gettext_lazy("Person looked at"),
    "reset.created": gettext_lazy("Link to a new password made for a user"),
    "processing_record.downloaded": gettext_lazy("Register of processing downloaded"),
    "retention_rule.counted": gettext_lazy("What a retention rule would take was counted"),
    "retention_rule.ran": gettext_lazy("What was too old was taken away"),
    "retention_rule.switched_off": gettext_lazy("Retention rule switched off"),
    "retention_rule.switched_on": gettext_lazy("Retention rule switched on"),
    "secret.made": gettext_lazy("Key for signatures made"),
    "secret.rotated": gettext_lazy("Everything that is kept encrypted encrypted by a new key"),
    "secret.given_up": gettext_lazy("Unreadable key of public links given up"),
    "second_factor.added": gettext_lazy("Second factor added"),
    "second_factor.failed": gettext_lazy("A second factor was wrong, after the right password"),
    "second_factor.removed": gettext_lazy("Second factor taken away"),
    "second_factor.renewed": gettext_lazy("New recovery codes made"),
    "second_factor.reset": gettext_lazy("All second factors of a user taken away"),
    "segment.add_members": gettext_lazy("People put on a list"),
    "segment.remove_members": gettext_lazy("People taken off a list"),
    "session.ended": gettext_lazy("A session of one's own was ended"),
    "sessions.ended": gettext_lazy("All sessions of a user were ended"),
    "sign_in.failed": gettext_lazy("A log-in failed: wrong name or password"),
    "sign_in.locked_out": gettext_lazy("Log-ins of this name stopped for a while: too many failed"),
    "sign_in.refused": gettext_lazy("Single sign-on refused"),
    "sign_in.shown_again": gettext_lazy("Showed once more who they are"),
    "sign_in.succeeded": gettext_lazy("Signed in"),
    "source.key_renewed": gettext_lazy("Write key of a source renewed"),
    "suppression.release": gettext_lazy("Address released"),
    "suppression.suppress": gettext_lazy("Address suppressed"),
    "wording.said": gettext_lazy("New wording of a form"),
    "trail.exported": gettext_lazy("Audit trail downloaded"),
    "user.role_kept": gettext_lazy("The last admin stays one, whatever the provider's groups say"),
    "user.role_mapped": gettext_lazy("Role changed by the provider's groups"),
    "user.sign_out": gettext_lazy("Signed out"),
    "webhook.pinged": gettext_lazy("Ping of a webhook sent"),
    "webhook.replayed": gettext_lazy("Calls of a webhook sent again"),
    "webhook.rotated": gettext_lazy("Key of a webhook changed"),
    "webhook.switched_off": gettext_lazy("Webhook switched off"),
}
ACTORS: dict[str, Words] = {
    "api_key": gettext_lazy("an API key"),
    "person": gettext_lazy("the person"),
    "stranger": gettext_lazy("somebody at the log-in"),
    "system": gettext_lazy("the system"),
    "user": gettext_lazy("a team member"),
}
# names of `detail`, as `audit.record` is given them
DETAILS: dict[str, Words] = {
    "added": gettext_lazy("may now"),
    "address": gettext_lazy("address, as a digest"),
    "by": gettext_lazy("counted by"),
    "class": gettext_lazy("class"),
    "copy_of": gettext_lazy("copy of"),
    "fault": gettext_lazy("what was wrong"),
    "former": gettext_lazy("role before"),
    "found": gettext_lazy("found"),
    "hits": gettext_lazy("found"),
    "hours": gettext_lazy("hours"),
    "how": gettext_lazy("by"),
    "kind": gettext_lazy("kind"),
    "law": gettext_lazy("law"),
    "masked": gettext_lazy("masked"),
    "members": gettext_lazy("team members"),
    "messages": gettext_lazy("messages"),
    "moved_to": gettext_lazy("role afterwards"),
    "name": gettext_lazy("name"),
    "new_address": gettext_lazy("from an address not seen before"),
    "on": gettext_lazy("switched on"),
    "outcome": gettext_lazy("outcome"),
    "people": gettext_lazy("people"),
    "purpose": gettext_lazy("purpose"),
    "reason": gettext_lazy("reason"),
    "revision": gettext_lazy("revision"),
    "role": gettext_lazy("role"),
    "rule": gettext_lazy("rule"),
    "scopes": gettext_lazy("scopes"),
    "searched": gettext_lazy("searched"),
    "sees": gettext_lazy("sees of people"),
    "taken": gettext_lazy("may no more"),
    "type": gettext_lazy("type"),
    "until": gettext_lazy("both keys until"),
    "undoes": gettext_lazy("number of the join undone before"),
    "version": gettext_lazy("version"),
}

# names of `fields` that are ours; the others are labels of forms, or names of people's data
FIELDS: dict[str, Words] = {
    "address": gettext_lazy("Address"),
    "caps": gettext_lazy("Contact frequency"),
    "consents": gettext_lazy("Permissions"),
    "contact_frequency": gettext_lazy("Contact frequency"),
    "contact_point": gettext_lazy("Address"),
    "content": gettext_lazy("Content"),
    "display_name": gettext_lazy("Name"),
    "description": gettext_lazy("Description"),
    "enabled": gettext_lazy("Enabled"),
    "is_on": gettext_lazy("Switched on"),
    "entry": gettext_lazy("Who gets it"),
    "events": gettext_lazy("Kinds of events"),
    "exit": gettext_lazy("Who leaves it early"),
    "goal": gettext_lazy("Goal"),
    "holdout": gettext_lazy("Control group"),
    "identifier": gettext_lazy("Identifiers"),
    "is_active": gettext_lazy("Active"),
    "is_hidden": gettext_lazy("Hidden"),
    "kind": gettext_lazy("Kind"),
    "keep_n": gettext_lazy("How long"),
    "keep_unit": gettext_lazy("How long"),
    "act": gettext_lazy("What becomes of it"),
    "because": gettext_lazy("Why"),
    "messages": gettext_lazy("Messages"),
    "name": gettext_lazy("Name"),
    "properties": gettext_lazy("Properties"),
    "quiet_hours": gettext_lazy("Quiet hours"),
    "reason": gettext_lazy("Reason"),
    "role": gettext_lazy("Role"),
    "rule": gettext_lazy("Rule"),
    "sender": gettext_lazy("Sender"),
    "slug": gettext_lazy("Slug"),
    "status": gettext_lazy("Status"),
    "steps": gettext_lazy("Messages and times"),
    "text": gettext_lazy("Text"),
    "trust": gettext_lazy("Trust"),
    "url": gettext_lazy("Address"),
    "username": gettext_lazy("Username"),
}


def code_of(action: str, target_kind: str) -> str:
    """The code under which an entry's words stand: `kind.verb`."""
    return action if "." in action else f"{target_kind}.{action}"


def words_of(code: str) -> str:
    """What was done, by its code. Raises KeyError for one that has no words."""
    if code in ACTIONS:
        return str(ACTIONS[code])
    kind, _dot, verb = code.partition(".")
    return str(VERBS[SAME_VERB.get(verb, verb)]) % {"thing": KINDS[kind]}


def choices_of_actions() -> list[tuple[str, str]]:
    """What a list of entries may be narrowed by: codes and verbs, in the order of their words."""
    anything = {verb: str(words) % {"thing": _("Something")} for verb, words in VERBS.items()}
    named = {code: str(words) for code, words in ACTIONS.items()} | anything
    return sorted(named.items(), key=lambda choice: choice[1].casefold())


def in_words(entry: AuditEntry) -> str:
    """What was done, in a sentence; what an earlier version wrote under a code of its own as is."""
    code = code_of(entry.action, entry.target_kind)
    if code == "sign_in.succeeded" and entry.detail.get("new_address"):
        return _("Signed in, from an address not seen before")
    if code == "sign_in.locked_out" and entry.detail.get("by") == "address":
        return _("Log-ins from this address stopped for a while: too many failed")
    try:
        return words_of(code)
    except KeyError:
        return entry.action.replace("_", " ").replace(".", ": ")


def kind_in_words(kind: str) -> str:
    """What a thing is, as "Campaign"."""
    return str(KINDS.get(kind, kind.replace("_", " ")))


def detail_in_words(detail: Mapping[str, Any]) -> str:
    """Names and counts of an entry: "found: 12, masked: yes"."""
    lines = ((DETAILS.get(name, name), _value(value)) for name, value in detail.items())
    return ", ".join(f"{name}: {value}" for name, value in lines)


def field_in_words(name: str) -> str:
    """The name of a field. Forms note their English label; names of people's data stay as such."""
    if name in FIELDS:
        return str(FIELDS[name])
    label = name[:1].lower() + name[1:]
    known = _(label) if label else ""
    return name if known == label else str(capfirst(known))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return str(value)
