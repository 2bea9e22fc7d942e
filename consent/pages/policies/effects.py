"""What a dry run found, as sentences: "3,120 people in France lose open tracking"."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.translation import ngettext

from config.console.words import num
from consent.channels import label_of
from consent.models import Purpose
from consent.policy.terms import TERMS
from consent.policy.words import place_in_words
from consent.reach.dry_run import GAIN, LOSE, MEASURED, UNMEASURED, PolicyEffect


def in_words(effect: PolicyEffect, purposes: dict[str, str]) -> Any:
    """One sentence, with the number in bold."""
    n = effect.people
    sentences = {
        LOSE: ngettext(
            "{n} person in {place} loses {purpose} by {channel}",
            "{n} people in {place} lose {purpose} by {channel}",
            n,
        ),
        GAIN: ngettext(
            "{n} person in {place} gets {purpose} by {channel}",
            "{n} people in {place} get {purpose} by {channel}",
            n,
        ),
        UNMEASURED: ngettext(
            "{n} person in {place} loses open tracking",
            "{n} people in {place} lose open tracking",
            n,
        ),
        MEASURED: ngettext(
            "{n} person in {place} is measured by opens and clicks",
            "{n} people in {place} are measured by opens and clicks",
            n,
        ),
    }
    other = ngettext(
        "{n} person in {place} comes under: {term}", "{n} people in {place} come under: {term}", n
    )
    return format_html(
        sentences.get(effect.what, other),
        n=format_html("<b>{}</b>", num(n)),
        place=place_in_words(effect.place),
        purpose=purposes.get(effect.purpose, effect.purpose),
        channel=label_of(effect.channel),
        term=TERMS[effect.term].label if effect.term else "",
    )


def sentences_of(effects: Sequence[PolicyEffect]) -> list[tuple[str, Any]]:
    """(tone, sentence) of each; of terms that are no yes or no one line a place is enough."""
    purposes = dict(Purpose.objects.values_list("slug", "name"))
    tones = {LOSE: "bad", UNMEASURED: "warn", GAIN: "ok", MEASURED: "ok"}
    found: dict[str, tuple[str, Any]] = {}
    for effect in effects:
        sentence = in_words(effect, purposes)
        found.setdefault(str(sentence), (tones.get(effect.what, ""), sentence))
    return list(found.values())
