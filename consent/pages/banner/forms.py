"""The banner of a source in a form: what it asks about, in which words, with which looks."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from consent.banner.colours import HEX, LEAST, SURFACE, contrast
from consent.banner.document import as_shown
from consent.banner.saving import save_banner
from consent.banner.texts import (
    LONG_TEXTS,
    LONGEST,
    LONGEST_TITLE,
    TEXTS,
    names_of,
    purpose_names,
    usual_texts,
)
from consent.models import Banner, Purpose
from consent.models.purpose import MEASURING, PERSONALISATION, SHARING
from consent.signals.mappable import mappable_purposes
from consent.wordings import banner_key, newest_of
from profiles.models import Source

LOOKS = ("is_on", "place", "accent", "accent_dark", "months", "privacy_url")
MOST_MONTHS = 13  # authorities ask to be asked again within about a year
FIRST_PURPOSES = (MEASURING, PERSONALISATION, SHARING)


class BannerForm(forms.ModelForm):  # type: ignore[type-arg]
    """Texts of every language as fields `LANGUAGE:NAME`, of every purpose that may be asked about,
    so that one that is ticked has its own."""

    purposes = forms.MultipleChoiceField(
        label=_("What you ask about"), widget=forms.CheckboxSelectMultiple
    )

    privacy_url = forms.URLField(
        label=_("Address of your privacy notice"), required=False, assume_scheme="https"
    )

    class Meta:
        model = Banner
        fields = ("is_on", "purposes", "place", "accent", "accent_dark", "months", "privacy_url")
        widgets = {  # noqa: RUF012 - Django's own way
            "accent": forms.TextInput(attrs={"type": "color"}),
            "accent_dark": forms.TextInput(attrs={"type": "color"}),
            "months": forms.NumberInput(attrs={"min": 1, "max": MOST_MONTHS}),
        }

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        self.known = list(mappable_purposes())
        choices = [(one.slug, one.name) for one in self.known]
        self.fields["purposes"].choices = choices  # type: ignore[attr-defined]
        if not self.instance.purposes:
            shown = [one.slug for one in self.known if one.slug in FIRST_PURPOSES]
            self.initial["purposes"] = shown
        said = newest_of(banner_key(source.pk))
        for language, _name in settings.LANGUAGES:
            usual = usual_texts(language, self.known)
            usual |= said[language].texts if language in said else {}
            for name in names_of(one.slug for one in self.known):
                self.fields[f"{language}:{name}"] = _text_field(name, usual[name], self.known)

    def languages(self) -> list[tuple[str, str, list[Any], list[Any]]]:
        """Code, name, fields of the banner, and pairs of fields with the purpose they are of."""
        return [
            (
                code,
                name,
                [self[f"{code}:{text}"] for text in TEXTS],
                [
                    (one, [self[f"{code}:{text}"] for text in purpose_names(one.slug)])
                    for one in self.known
                ],
            )
            for code, name in settings.LANGUAGES
        ]

    def clean_months(self) -> int:
        """Within what the law has in mind."""
        months: int = self.cleaned_data["months"]
        if not 1 <= months <= MOST_MONTHS:
            raise forms.ValidationError(_gettext("From 1 to %(n)d months.") % {"n": MOST_MONTHS})
        return months

    def clean(self) -> dict[str, Any]:
        """Colours that can be told from what is around them, and a text wherever one is needed."""
        data: dict[str, Any] = super().clean() or {}
        for name, surface in SURFACE.items():
            if fault := _colour_fault(data.get(name, ""), surface):
                self.add_error(name, fault)
        for language, _name in settings.LANGUAGES:
            for slug in data.get("purposes", ()):
                field = f"{language}:{purpose_names(slug)[0]}"
                if not data.get(field) and field not in self.errors:
                    self.add_error(field, _gettext("People need words here."))
        return data

    def texts(self) -> dict[str, dict[str, str]]:
        """By language, of the purposes that are ticked."""
        names = names_of(self.cleaned_data.get("purposes", ()))
        return {
            code: {name: self.cleaned_data.get(f"{code}:{name}", "") for name in names}
            for code, _name in settings.LANGUAGES
        }

    def write(self) -> Banner:
        """Save it."""
        return save_banner(
            source=self.source,
            purposes=self.cleaned_data["purposes"],
            texts=self.texts(),
            **{name: self.cleaned_data[name] for name in LOOKS},
        )

    def preview(self, language: str) -> dict[str, Any]:
        """As it is in the form now, whatever is wrong with it."""
        self.is_valid()
        given = self.cleaned_data if self.is_bound else {}

        def of(name: str) -> Any:
            return given.get(name, self.get_initial_for_field(self.fields[name], name))

        usual = Banner()
        colours = {
            name: of(name) if HEX.fullmatch(of(name) or "") else getattr(usual, name)
            for name in SURFACE
        }
        banner = Banner(
            source=self.source, purposes=of("purposes"), place=of("place"),
            privacy_url=of("privacy_url") or "", **colours,
        )  # fmt: skip
        names = names_of(banner.purposes)
        return as_shown(banner, language, {name: of(f"{language}:{name}") for name in names}) | {
            "wording": 0, "version": 0, "versions": {},
        }  # fmt: skip


def _text_field(name: str, usual: str, purposes: list[Purpose]) -> forms.CharField:
    labels: Mapping[str, Any] = TEXTS | {
        text: label
        for one in purposes
        for text, label in zip(purpose_names(one.slug), (_("Title"), _("In words")), strict=True)
    }
    is_long = name in LONG_TEXTS or name.endswith(".text")
    return forms.CharField(
        label=labels[name],
        required=name in TEXTS,  # of a purpose only where it is ticked
        initial=usual,
        max_length=LONGEST if is_long else LONGEST_TITLE,
        widget=forms.Textarea(attrs={"rows": 3}) if is_long else forms.TextInput(),
    )


def _colour_fault(colour: str, surface: str) -> str:
    if not HEX.fullmatch(colour):
        return _gettext("A colour as #0f6a88.")
    found = contrast(colour, surface)
    if found >= LEAST:
        return ""
    return _gettext(
        "It is too close to what is around it: a contrast of %(found).1f, at least %(least).0f is "
        "needed."
    ) % {"found": found, "least": LEAST}
