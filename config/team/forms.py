"""A role on a form: what it may do, ticked by group, and what it sees of people."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.team.words import KINDS, LEVELS, OWN_VIEW, VIEWS, WHOLE_VIEW, groups_of, view_of
from config.workspace.permissions import PERMISSIONS, SEES_ALL, Rights, rights_of_role
from config.workspace.roles.sight import LEVELS as LEVEL_WORDS
from config.workspace.roles.sight import MASKED, DataKind, Level, RoleSight
from config.workspace.team.changing import CannotChangeRole, RoleDraft

_WIDE = {"class": "r-input", "autocomplete": "off"}


class RoleForm(forms.Form):
    """Made or changed; the rules are the service's (`config.workspace.team.changing`)."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, widget=forms.TextInput(attrs=_WIDE)
    )
    description = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs=_WIDE),
    )
    permissions = forms.MultipleChoiceField(
        label=gettext_lazy("What they may see and do"),
        choices=[(name, name) for name in PERMISSIONS if name != SEES_ALL],
        required=False,
    )
    view = forms.ChoiceField(
        label=gettext_lazy("What they see of people"),
        choices=[(name, name) for name in (*VIEWS, OWN_VIEW)],
    )
    fields_by_name = forms.CharField(
        label=gettext_lazy("Single fields"),
        help_text=gettext_lazy(
            "One a line, and it goes before its kind: “trait:shoe_size = hidden”, “property:note"
            " = shown”, “identifier:card = masked”."
        ),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"class": "r-input", "rows": 3, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for kind in DataKind:
            self.fields[f"kind_{kind}"] = forms.ChoiceField(
                label=str(KINDS[kind][0]),
                choices=[(level.word, words) for level, words in LEVELS.items()],
                required=False,
            )

    @property
    def groups(self) -> Any:
        """The permissions to tick."""
        return groups_of({str(one) for one in self["permissions"].value() or ()})

    @property
    def views(self) -> list[tuple[str, Any, Any, bool]]:
        """The ready-made views to choose from, and one's own."""
        chosen = self["view"].value()
        own = (_("By kind of data"), _("Each kind shown, masked or hidden."), MASKED)
        return [
            (name, words, more, name == chosen)
            for name, (words, more, _sight) in (*VIEWS.items(), (OWN_VIEW, own))
        ]

    @property
    def kinds(self) -> list[tuple[str, Any, Any, list[tuple[str, Any, bool]]]]:
        """Each kind of data with its levels."""
        found = []
        for kind, (title, more) in KINDS.items():
            name = f"kind_{kind}"
            now = self[name].value() or Level.MASKED.word
            levels = [(level.word, words, level.word == now) for level, words in LEVELS.items()]
            found.append((name, title, more, levels))
        return found

    def clean_fields_by_name(self) -> dict[str, str]:
        """{"trait:plan": "hidden"} Raises ValidationError naming the line."""
        found = {}
        for line in filter(str.strip, self.cleaned_data["fields_by_name"].splitlines()):
            name, equals, level = (part.strip() for part in line.rpartition("="))
            level = _level_of(level)
            if not (equals and name and level):
                words = _("“%(line)s” is not “trait:name = shown, masked or hidden”.")
                raise forms.ValidationError(words % {"line": line[:80]})
            found[name if ":" in name else f"trait:{name}"] = level
        return found

    def draft(self) -> RoleDraft:
        """As it was filled in."""
        said = self.cleaned_data
        permissions = list(said["permissions"])
        if said["view"] == WHOLE_VIEW:
            return RoleDraft(said["name"], said["description"], [*permissions, SEES_ALL])
        if said["view"] == OWN_VIEW:
            kinds = {str(kind): said[f"kind_{kind}"] or Level.MASKED.word for kind in DataKind}
        else:
            kinds = VIEWS[said["view"]][2].as_json()["kinds"]
        sight = {"kinds": kinds, "fields": said["fields_by_name"]}
        return RoleDraft(said["name"], said["description"], permissions, sight)

    def refuse(self, error: CannotChangeRole) -> None:
        """What the service said, beside its field."""
        path = "fields_by_name" if error.path.startswith("sight.fields") else error.path
        path = "view" if path.startswith("sight") else path
        self.add_error(path if path in self.fields else None, str(error))


def _level_of(word: str) -> str:
    """A level by its word, in the reader's language as well; "" where it is none."""
    known = {str(words): level.word for level, words in LEVELS.items()}
    return word if word in LEVEL_WORDS else known.get(word, "")


def shown_in(role: str, *, name: str = "", description: str = "") -> dict[str, Any]:
    """What a form begins with: this role."""
    return {"name": name, "description": description} | shown_of(rights_of_role(role))


def shown_of(rights: Rights) -> dict[str, Any]:
    """What they may do and see, as the form has it."""
    sight: RoleSight = rights.sight
    single = [f"{name} = {word}" for name, word in sight.as_json()["fields"].items()]
    by_kind = RoleSight(kinds=sight.kinds, is_whole=sight.is_whole)
    return {
        "permissions": sorted(rights.permissions - {SEES_ALL}),
        "view": view_of(by_kind),
        "fields_by_name": "\n".join(single),
    } | {f"kind_{kind}": by_kind.of_kinds([kind]).word for kind in DataKind}
