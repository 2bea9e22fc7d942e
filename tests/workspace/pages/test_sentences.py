"""What was kept in English is found among its sentences and said in the reader's language."""

from django.utils.translation import gettext, override

from campaigns.models import Campaign
from campaigns.standing_words import ARCHIVED, BOUNCES, NO_PURPOSE, SENTENCES, UNCOUNTABLE
from config.console.health_words import RESTARTED
from config.running.children import ENDED
from config.workspace.health import restarts
from config.workspace.pages.sentences import Sentences
from config.workspace.work.reasons import PHRASES, in_words


def test_the_most_exact_sentence_is_found_and_its_places_are_read():
    known = Sentences("%(path)s is required", "event, what was done, is required", "%(n)d of %(m)d")
    assert known.find("groupId is required") == ("%(path)s is required", {"path": "groupId"})
    assert known.find("event, what was done, is required") == (
        "event, what was done, is required",
        {},
    )
    assert known.find("3 of 40") == ("%(n)d of %(m)d", {"n": 3, "m": 40})
    assert known.find("three of 40") is known.find("a server's own words") is None
    assert known.find("a\nb is required") is not None, "what stands in it may be anything"


def test_what_a_campaign_stands_still_for_is_said_in_the_readers_language():
    kept = [
        NO_PURPOSE % {"slug": "spring %(x)s"},
        ARCHIVED % {"name": "Tent people"},
        UNCOUNTABLE % {"name": "Tent people"},
        BOUNCES % {"share": "7.5", "sent": 400},
    ]
    for text in kept:
        campaign = Campaign(fault=text, pause_reason=text)
        with override("en"):
            assert campaign.fault_words == campaign.pause_words == text
        with override("id"):
            template, values = SENTENCES.find(text)
            assert campaign.fault_words == gettext(template) % values != text
    with override("id"):
        own = "550 mailbox unavailable"
        assert Campaign(fault=own).fault_words == own


def test_reasons_of_failures_and_restarts_are_known_again():
    for words in (restarts.ENDED_WORDS % {"code": -9}, restarts.SILENT_WORDS):
        assert RESTARTED.find(words) is not None
    assert ENDED and len(PHRASES) > 20
    for _sign, phrase in PHRASES:
        with override("id"):
            assert in_words(f"OperationalError: {phrase}") == f"OperationalError: {gettext(phrase)}"
    with override("id"):
        assert in_words("554 5.7.1: a word of the server") == "554 5.7.1: a word of the server"
