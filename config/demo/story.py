"""The first five minutes: nine steps on Home, each ticked by a fact in the database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Message
from config.console.shell import places
from config.console.shell.theme import resolve
from config.demo import state, team
from config.demo.generator.content import AUTOMATIC, DRAFT_SLUG, PRICE_SENSITIVE_SLUG
from config.demo.generator.people import maya
from config.demo.state import DemoState
from config.workspace.digests import contact_digest
from config.workspace.models import User
from config.workspace.pages.open_pages import open_to
from config.workspace.permissions import may, role_in_words
from config.workspace.selectors import workspace
from consent.models import ErasedIdentifier, PrivacyRequest
from profiles.models import IdentifierKey, Profile, Rejection, Source
from segments.models import Membership, SegmentVersion

SEGMENT = "tent-no-boots"


@dataclass(frozen=True)
class StoryStep:
    """What to do, why, where, and whether it has been done.

    `posts`: the button does it. `outside`: in a tab of its own. `needs`: the permission that it
    takes; whose role lacks it is given no address, and told which roles to work as.
    """

    name: str
    title: Any
    text: Any
    done: bool
    url: str = ""
    button: Any = ""
    outside: bool = False
    needs: str = ""
    posts: bool = False


@dataclass(frozen=True)
class Story:
    """The card."""

    steps: list[StoryStep]
    members: list[tuple[User, str]]  # with the name of their role
    traffic: bool
    shop_url: str
    mailbox_url: str
    maya_url: str

    @property
    def done(self) -> int:
        """How many steps are."""
        return sum(step.done for step in self.steps)

    @property
    def is_over(self) -> bool:
        """Whether all of them are."""
        return self.done == len(self.steps)

    @property
    def now(self) -> str:
        """The first step that is not."""
        return next((step.name for step in self.steps if not step.done), "")


@dataclass(frozen=True)
class StoryFacts:
    """What the ticks are made from."""

    moves: bool
    joined: bool
    built: bool
    launched: bool
    bought: bool
    left: bool
    erased: bool
    refused: bool
    valued: bool
    maya_id: str
    is_out: bool = False  # whether the segment has lost her, so that no mail would come


def story(user: Any) -> Story | None:
    """The card for one of the demo's own users; None for anybody else. Eleven small queries."""
    run, began = state.current(), workspace().demo_at
    if run is None or began is None or getattr(user, "pk", None) not in run.users:
        return None
    facts = _facts(began)
    return Story(
        steps=_steps(facts, user),
        members=[(one, role_in_words(one.role)) for one in team.members(run)],
        traffic=_traffic(run),
        shop_url=reverse("demo:home"),
        mailbox_url=open_to(user, resolve(["console:mailbox"])),
        maya_url=places.person(facts.maya_id) if facts.maya_id else "",
    )


def _traffic(run: DemoState) -> bool:
    """As it is now: a switch must not lag behind its press."""
    fresh = state.load()
    return fresh.traffic if fresh else run.traffic


def _facts(began: datetime) -> StoryFacts:
    """All of them since the demo was written at `began`."""
    hers = IdentifierKey.objects.filter(
        Q(kind="user_id", value=maya.USER_ID) | Q(kind="anonymous_id", value=maya.LAPTOP_ID)
    )
    owners = dict(hers.values_list("kind", "profile_id"))
    page = Profile.objects.filter(pk=owners.get("user_id", 0)).values_list("public_id", flat=True)
    begun = Q(launched_at__gt=began) | Q(status=Campaign.Status.HELD)
    launched = list(Campaign.objects.filter(begun).values_list("pk", flat=True))
    erased = erased_as()
    responses = _responses(launched, [*owners.values(), *erased], began)
    return StoryFacts(
        moves=Source.objects.filter(is_internal=False, last_seen_at__gt=began).exists(),
        joined=bool(erased) or len(owners) > 1 and len(set(owners.values())) == 1,
        built=SegmentVersion.objects.filter(
            created_at__gt=began, created_by__isnull=False
        ).exists(),
        launched=bool(launched),
        bought=bool(responses["bought"]),
        left=bool(responses["left"]),
        erased=bool(erased),
        refused=bool(erased) and _is_refused(began),
        valued=Campaign.objects.filter(entry__segment__in=AUTOMATIC, created_at__gt=began).exists(),
        maya_id=str(page.first() or ""),
        is_out=not erased and not launched and not _is_in(list(owners.values())),
    )


def _is_refused(began: datetime) -> bool:
    return Rejection.objects.filter(code="erased_person", received_at__gt=began).exists()


def erased_as() -> list[int]:
    """The profiles that Maya was, once her erasure is complete."""
    gone = ErasedIdentifier.objects.filter(
        kind="user_id", digest=contact_digest("user_id", maya.USER_ID)
    ).values("request_id")
    rows = PrivacyRequest.objects.filter(pk__in=gone, completed_at__isnull=False)
    return [number for former in rows.values_list("former_ids", flat=True) for number in former]


def _is_in(people: list[int]) -> bool:
    rows = Membership.objects.filter(profile_id__in=people, left_at=None, segment__slug=SEGMENT)
    return rows.exists()


def _responses(campaigns: list[int], hers: list[int], began: datetime) -> dict[str, int]:
    """What came since of the user's own launches, and of whatever lies in Maya's mailbox."""
    mails = Message.objects.filter(Q(campaign_id__in=campaigns) | Q(profile_id__in=hers))
    return mails.aggregate(
        bought=Count("id", filter=Q(clicked_at__gt=began, converted_at__gt=began)),
        left=Count("id", filter=Q(unsubscribed_at__gt=began)),
    )


def _steps(facts: StoryFacts, user: User) -> list[StoryStep]:
    shop, mailbox = reverse("demo:home"), resolve(["console:mailbox"])
    her_mail = f"{mailbox}?to={maya.EMAIL}" if mailbox else ""
    steps = [
        StoryStep(
            "loop",
            _("See the loop move"),
            _(
                "Customers are in the shop right now. What they do comes in, becomes people, "
                "segments and reasons to write."
            ),
            facts.moves,
            places.live(),
            _("Watch live events"),
            needs="events.view",
        ),
        StoryStep(
            "maya",
            _("Be Maya in the demo shop: browse boots, sign up"),
            _(
                "You sit at her laptop, which Rapport knows as a stranger. Sign up as Maya: her"
                " page joins phone, web and store. Ask there why it is one person, and take a "
                "wrong join apart."
            ),
            facts.joined,
            shop,
            _("Open the shop"),
            outside=True,
        ),
        StoryStep(
            "segment",
            _("Build on “Bought a tent, no boots” and ask why"),
            _(
                "Change a clause and see the count move before you save; every clause says how "
                "many it leaves out, and how many you may write to."
            ),
            facts.built,
            places.segment(SEGMENT),
            _("Open the segment"),
            needs="segments.edit",
        ),
        _launch(facts),
        StoryStep(
            "buy",
            _("Click in the mailbox, buy, see the order arrive"),
            _(
                "Open Maya's mail, follow its link to the shop, and order. It shows on her page"
                " and in the report."
            ),
            facts.bought,
            her_mail,
            _("Open Maya's mail"),
            needs="people.personal",
        ),
        StoryStep(
            "leave",
            _("Unsubscribe; prove when and how"),
            _(
                "Use the link in her mail, then copy “Winter care for your tent” and launch it: "
                "she is left out as withdrawn, with the time, and the proof is one press away."
            ),
            facts.left,
            her_mail,
            _("Open Maya's mail"),
            needs="people.personal",
        ),
        StoryStep(
            "erase",
            _("Be the officer: erase Maya, and keep the proof"),
            _(
                "See what is held of her before anything is done, erase her, and take the signed "
                "certificate. What is sent again of her past is refused."
            ),
            facts.erased,
            f"{reverse('consent:new_request')}?type=erasure&identifier=email:{maya.EMAIL}",
            _("Write her request down"),
            needs="privacy.edit",
        ),
        StoryStep(
            "replay",
            _("Send her past again: refused"),
            _(
                "Some partner still has a copy of what she did this year, and sends it. Nothing of "
                "it comes in: see each call refused."
            ),
            facts.refused,
            reverse("demo:replay"),
            _("Replay her year"),
            needs="privacy.edit",
            posts=True,
        ),
        StoryStep(
            "value",
            _("Write to who goes by the price, about what they like"),
            _(
                "Champions, loyal ones, those who hibernate or go by the price are segments that "
                "follow by themselves. Press “New campaign to them”; the mail can say what each "
                "likes best: {{ likes | first }}."
            ),
            facts.valued,
            places.segment(PRICE_SENSITIVE_SLUG),
            _("Open the price-sensitive"),
            needs="campaigns.edit",
        ),
    ]
    return [
        step if not step.needs or may(user, step.needs) else replace(step, url="") for step in steps
    ]


def _launch(facts: StoryFacts) -> StoryStep:
    """It leads to the segment first where Maya is not in it."""
    url, button, words = (
        places.campaign(DRAFT_SLUG),
        _("Open the draft"),
        _(
            "A draft is waiting, previewed as Maya. Nothing leaves this machine: the demo mailbox "
            "catches it."
        ),
    )
    if facts.is_out:
        url, button = places.segment(SEGMENT), _("Open the segment")
        words = _("Maya is not in the segment as it stands: loosen it, or no mail comes to her.")
    return StoryStep(
        "launch",
        _("Launch a campaign, undo it, launch again"),
        words,
        facts.launched,
        url,
        button,
        needs="campaigns.launch",
    )
