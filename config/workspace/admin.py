"""The installation's records in the console: team, API keys, workspace, audit trail."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from config.workspace import audit
from config.workspace.access import sign_in
from config.workspace.access.keys import create_api_key, known_scopes, revoke_api_key
from config.workspace.forms.audited import AuditedAdmin
from config.workspace.frequency import (
    DEFAULT,
    MOST_COUNT,
    MOST_DAYS,
    TAG,
    TOTAL,
    Frequency,
    contact_frequency,
    is_limit,
    is_tag,
    set_contact_frequency,
    set_tag_frequencies,
    tag_frequencies,
    total_frequency,
)
from config.workspace.models import ApiKey, Role, User, Workspace
from config.workspace.permissions import PERMISSIONS
from config.workspace.selectors import forget_workspace
from config.workspace.trail import admin as trail_admin  # noqa: F401 - one signs itself in
from config.workspace.zones import zone_choices

EMAIL = "email"  # the channel that the console's campaigns use

admin.site.unregister(Group) if admin.site.is_registered(Group) else None


@admin.register(User)
class TeamAdmin(UserAdmin, AuditedAdmin):  # type: ignore[type-arg, misc]
    """Who works here, and as what."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    actions = ("end_sessions",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "locale", "time_zone")}),
        (_("Access"), {"fields": ("role", "is_active", "sessions")}),
    )
    readonly_fields = ("sessions",)
    add_fieldsets = ((None, {"fields": ("username", "email", "role", "password1", "password2")}),)

    @display(  # type: ignore[untyped-decorator]
        description=_("Name")
    )
    def full_name(self, user: User) -> str:
        """First and last name."""
        return user.get_full_name()

    @display(  # type: ignore[untyped-decorator]
        description=_("Sessions")
    )
    def sessions(self, user: User) -> SafeString:
        """The way to end them, by way of a question."""
        address = reverse("admin:end_their_sessions", args=[user.pk])
        label = _("End their sessions")
        return format_html('<a class="r-btn r-btn-s" href="{}">{}</a>', address, label)

    @admin.action(description=_("End their sessions"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """They have to sign in again, wherever they are."""
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            for user in queryset.order_by("pk"):
                sign_in.end_sessions(user)
        messages.success(request, _("Their sessions are ended."))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Who is given another role is no superuser any more: that would make an admin again."""
        obj.is_superuser = obj.is_superuser and obj.role == Role.ADMIN
        super().save_model(request, obj, form, change)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and scopes; the key itself is made, not typed."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What the key may do; “all” is everything."),
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {name: f"{name}: {text}" for name, text in PERMISSIONS.items()}
        field = self.fields["scopes"]
        field.choices = [(name, labels.get(name, name)) for name in known_scopes()]  # type: ignore[attr-defined]


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin):
    """Keys of the management API; a key is shown once, when it is made."""

    empty_text = _("A key lets another program use the API, with the rights that you give it.")
    form = ApiKeyForm
    list_display = ("name", "hint", "shown_scopes", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    @display(  # type: ignore[untyped-decorator]
        description=_("Scopes")
    )
    def shown_scopes(self, key: ApiKey) -> str:
        """As a list."""
        return ", ".join(key.scopes)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is revoked and made anew, never changed."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Kept, so that the trail can name it."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key and show it this once."""
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            key, value = create_api_key(name=obj.name, scopes=form.cleaned_data["scopes"])
        obj.pk, obj.hint, obj.digest = key.pk, key.hint, key.digest
        messages.success(
            request,
            _("The key is shown this once; copy it now: %(key)s") % {"key": value},
        )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Recorded by the service already."""

    @admin.action(description=_("Revoke"), permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """From now on refused."""
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            for key in queryset:
                revoke_api_key(key=key)
        messages.success(request, _("Revoked."))


def _number(label: Any, most: int, help_text: Any = "") -> forms.IntegerField:
    """One of the two numbers of a limit, needed only where it is switched on. Lazy words."""
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=most,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=help_text,
    )


class WorkspaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the whole installation shares."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Days in rules are days here. After a change all segments are counted anew."),
    )

    is_capped = forms.BooleanField(
        label=_("Limit how often marketing mail reaches a person"),
        required=False,
        help_text=_("A campaign may say its own instead. Service mail is never counted."),
        widget=UnfoldBooleanSwitchWidget(),
    )
    cap_count = _number(_("At most so many marketing mails"), MOST_COUNT)
    cap_days = _number(
        _("within so many days"), MOST_DAYS, _("Days of the person's own calendar: 1 is today.")
    )
    is_total_capped = forms.BooleanField(
        label=_("Limit all channels together as well"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )
    total_count = _number(_("At most so many marketing messages"), MOST_COUNT)
    total_days = _number(_("within so many days"), MOST_DAYS)
    tag_limits = forms.CharField(
        label=_("Limits by tag"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "placeholder": "promo 2 7"}),
        help_text=_(
            "One a line: the tag, how many messages, within how many days. A step of a campaign"
            " has its tags by the API."
        ),
    )

    class Meta:
        model = Workspace
        fields = ("name", "time_zone", "currency", "locale", "country")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        frequency = contact_frequency(EMAIL)
        shown = frequency or DEFAULT
        self.initial["is_capped"] = frequency is not None
        self.initial["cap_count"], self.initial["cap_days"] = shown.count, shown.per_days
        total = total_frequency()
        self.initial["is_total_capped"] = total is not None
        if total:
            self.initial["total_count"], self.initial["total_days"] = total.count, total.per_days
        lines = (f"{tag} {one.count} {one.per_days}" for tag, one in tag_frequencies().items())
        self.initial["tag_limits"] = "\n".join(lines)

    def clean(self) -> dict[str, Any]:
        """A limit is two numbers."""
        data: dict[str, Any] = super().clean() or {}
        for switch, names in (
            ("is_capped", ("cap_count", "cap_days")),
            ("is_total_capped", ("total_count", "total_days")),
        ):
            for name in names:
                if data.get(switch) and not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Needed for a limit."))
        return data

    def clean_tag_limits(self) -> dict[str, Frequency]:
        """By tag. Raises ValidationError with the line that cannot be read."""
        lines = self.cleaned_data["tag_limits"].splitlines()
        limits = [_tag_limit(line.strip()) for line in lines if line.strip()]
        return {limit.tag: limit for limit in limits}

    @property
    def frequency(self) -> Frequency | None:
        """What was chosen."""
        data = self.cleaned_data
        return Frequency(data["cap_count"], data["cap_days"]) if data["is_capped"] else None

    @property
    def total(self) -> Frequency | None:
        """The same over all channels."""
        data = self.cleaned_data
        if not data["is_total_capped"]:
            return None
        return Frequency(data["total_count"], data["total_days"], TOTAL)


def _tag_limit(line: str) -> Frequency:
    tag, *numbers = line.split()
    if not is_tag(tag) or len(numbers) != 2 or not all(map(str.isdecimal, numbers)):  # noqa: PLR2004
        words = _("“%(line)s” is no tag with two numbers, such as promo 2 7.")
        raise forms.ValidationError(words % {"line": line})
    count, days = (int(number[:9]) for number in numbers)  # more digits are too many anyway
    if not is_limit(count, days):
        words = _("“%(line)s”: from 1 to %(count)d messages, within 1 to %(days)d days.")
        raise forms.ValidationError(words % {"line": line, "count": MOST_COUNT, "days": MOST_DAYS})
    return Frequency(count, days, TAG, tag)


@admin.register(Workspace)
class WorkspaceAdmin(AuditedAdmin):
    """The one row: straight to its form."""

    form = WorkspaceForm
    fieldsets = (
        (None, {"fields": ("name", "time_zone", "currency", "locale", "country")}),
        (
            _("Contact frequency"),
            {
                "fields": (
                    "is_capped",
                    "cap_count",
                    "cap_days",
                    "is_total_capped",
                    "total_count",
                    "total_days",
                    "tag_limits",
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """And it stays."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form instead of a list of one."""
        return HttpResponseRedirect(reverse("admin:workspace_workspace_change", args=[1]))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and let the next request read it anew."""
        super().save_model(request, obj, form, change)
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            if form.frequency != contact_frequency(EMAIL):
                set_contact_frequency(EMAIL, form.frequency)
            if form.total != total_frequency():
                set_contact_frequency(TOTAL, form.total)
            if form.cleaned_data["tag_limits"] != tag_frequencies():
                set_tag_frequencies(form.cleaned_data["tag_limits"])
        forget_workspace()
