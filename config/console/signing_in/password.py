"""The log-in by name and password: once both are right, what else is to be shown."""

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpResponse


class PasswordLogin(LoginView):
    """Counted before it is asked (`config.console.shell.site`)."""

    authentication_form = AdminAuthenticationForm
    template_name = "admin/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """In, or on to the second factor; then under a new key, which nobody can have known."""
        user = form.get_user()
        login = Login(user=user, redirect_url=self.get_success_url())
        credentials = {"username": user.get_username()}
        response: HttpResponse = perform_password_login(self.request, credentials, login)
        if not self.request.user.is_authenticated:
            self.request.session.cycle_key()
        return response
