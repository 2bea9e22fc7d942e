"""The installation's records in the console: team, API keys, workspace, audit trail."""

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminSelectWidget,
)

from config.workspace import (
    audit,
    keys_admin,  # noqa: F401 - one signs itself in
)
from config.workspace.access import sign_in
from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.frequency_part import FrequencyPart
from config.workspace.forms.listed import ListWords
from config.workspace.forms.marketing_part import MarketingPart
from config.workspace.forms.pickers import (
    SearchedSelect,
    country_choices,
    currency_choices,
    is_country,
    is_currency,
    is_language,
    is_zone,
    language_choices,
    named_zone_choices,
    picked,
)
from config.workspace.models import Role, User, Workspace
from config.workspace.permissions import (
    may_give,
    role_choices,
    role_in_words,
)
from config.workspace.selectors import forget_workspace
from config.workspace.sso import admin as sso_admin  # noqa: F401 - one signs itself in
from config.workspace.sso.deciding import is_last_admin, leaves_no_admin
from config.workspace.trail import admin as trail_admin  # noqa: F401 - one signs itself in

# what others sign in: roles stand in place of groups, pages of our own in place of their lists
THEIRS: list[Any] = [
    model
    for name in ("account", "mfa", "socialaccount")
    for model in apps.get_app_config(name).get_models()
]
for other in (Group, *THEIRS):
    if admin.site.is_registered(other):
        admin.site.unregister(other)


class MemberForm(UserChangeForm):  # type: ignore[misc]
    """Role and access; the last admin keeps both."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError where nobody would be left who can let others in."""
        given = super().clean() or {}
        goes = given.get("role", Role.ADMIN) != Role.ADMIN or not given.get("is_active", True)
        before = User.objects.filter(pk=self.instance.pk).first()
        if goes and before is not None and leaves_no_admin([before.pk], lock=True):
            raise forms.ValidationError(_("The last admin stays one: make another admin first."))
        return dict(given)


TEAM_HELP = {
    "username": _("What they sign in with: letters, digits and @ . + - _"),
    "is_active": _("Switched off, they sign in no more, and everything they did stays."),
}


class RoleFilter(admin.SimpleListFilter):
    """By role, built in or made here."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All of them."""
        return role_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Those of one."""
        return queryset.filter(role=self.value()) if self.value() else queryset


@admin.register(User)
class TeamAdmin(UserAdmin, AuditedAdmin):  # type: ignore[type-arg, misc]
    """Who works here, and as what."""

    words = ListWords(
        title=_("Team"),
        lead=_("Who works here, in which role, and when they were here last."),
        counted=lambda n: ngettext("%(n)s person in the team", "%(n)s people in the team", n),
        new=_("New team member"),
        none=_("Nobody is in the team yet"),
        gone=_(
            "They can sign in no more, and their sessions end. What they did stays in the "
            "audit trail. If they only go on leave, switch “active” off instead."
        ),
    )

    form = MemberForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "role_name", "is_active", "last_login")
    list_filter = (RoleFilter, "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    actions = ("end_sessions",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "own_password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "locale", "time_zone")}),
        (_("Access"), {"fields": ("role", "is_active", "sessions")}),
    )
    readonly_fields = ("own_password", "sessions")
    add_fieldsets = ((None, {"fields": ("username", "email", "role", "password1", "password2")}),)

    @display(  # type: ignore[untyped-decorator]
        description=_("Name")
    )
    def full_name(self, user: User) -> str:
        """First and last name."""
        return user.get_full_name()

    @display(  # type: ignore[untyped-decorator]
        description=_("Password")
    )
    def own_password(self, user: User) -> SafeString:
        """The way to a new one; of what is stored nothing is shown."""
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a class="r-btn r-btn-s" href="{}">{}</a>', address, _("Set a new one"))

    def name_of(self, row: User) -> str:
        """By their name, where they have one."""
        return row.get_full_name() or row.get_username()

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
                if may_give(request.user, user.role):
                    sign_in.end_sessions(user)
        messages.success(request, _("Their sessions are ended."))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Not of somebody who may do more: whoever sets their password may do it too."""
        is_below = obj is None or may_give(request.user, obj.role)
        return is_below and bool(super().has_change_permission(request, obj))

    @display(  # type: ignore[untyped-decorator]
        description=_("Role"), ordering="role"
    )
    def role_name(self, user: User) -> str:
        """As the role is called."""
        return role_in_words(user.role)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The roles that may no more than whoever chooses."""
        if db_field.name in TEAM_HELP:
            kwargs["help_text"] = TEAM_HELP[db_field.name]
        if db_field.name == "locale":
            return picked(db_field, language_choices, is_language, empty=_("as the browser says"))
        if db_field.name == "time_zone":
            return picked(db_field, named_zone_choices, is_zone, empty=_("as the workspace"))
        if db_field.name != "role":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return forms.ChoiceField(
            label=_("Role"),
            choices=[one for one in role_choices() if may_give(request.user, one[0])],
            initial=Role.MARKETER,
            widget=UnfoldAdminSelectWidget,
        )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """As changing; the last admin stays."""
        if obj is not None and (not may_give(request.user, obj.role) or is_last_admin(obj)):
            return False
        return bool(super().has_delete_permission(request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Of several at once: an admin has to stay."""
        found, counts, refused, protected = super().get_deleted_objects(objs, request)
        if leaves_no_admin([user.pk for user in objs]):
            refused = {*refused, str(_("the last admin"))}
        return found, counts, refused, protected

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Raises PermissionDenied where no admin would be left, also of two who do it at once."""
        if leaves_no_admin(list(queryset.values_list("pk", flat=True)), lock=True):
            raise PermissionDenied
        super().delete_queryset(request, queryset)

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """The same of one."""
        if leaves_no_admin([obj.pk], lock=True):
            raise PermissionDenied
        super().delete_model(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Who is given another role is no superuser any more: that would make an admin again."""
        obj.is_superuser = obj.is_superuser and obj.role == Role.ADMIN
        super().save_model(request, obj, form, change)


class WorkspaceForm(FrequencyPart, MarketingPart):
    """What the whole installation shares."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=named_zone_choices,
        widget=SearchedSelect,
        help_text=_("Days in rules are days here. After a change all segments are counted anew."),
    )

    class Meta:
        model = Workspace
        fields = ("name", "time_zone", "currency", "locale", "country")


@admin.register(Workspace)
class WorkspaceAdmin(AuditedAdmin):
    """The one row: straight to its form."""

    words = ListWords(
        title=_("Workspace"),
        lead=_(
            "What the whole installation shares: its name and zone, how often people are "
            "written to, and when not."
        ),
        counted=lambda n: ngettext("%(n)s workspace", "%(n)s workspaces", n),
    )

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
        (_("Quiet hours"), {"fields": ("is_quiet", "quiet_from", "quiet_to", "quiet_else")}),
        (_("Control group"), {"fields": ("control_percent",)}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Currency, language and country by their names."""
        choices = {
            "currency": (currency_choices, is_currency),
            "locale": (language_choices, is_language),
            "country": (country_choices, is_country),
        }
        if db_field.name in choices:
            return picked(db_field, *choices[db_field.name])
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Under the name that the menu gives it."""
        context["is_single"] = True
        answer = super().render_change_form(request, context, *args, **kwargs)
        answer.context_data["title"] = self.words.title
        answer.context_data["form_lead"] = self.words.lead
        return answer

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
            form.store_frequency()
            form.store_marketing()
        forget_workspace()
