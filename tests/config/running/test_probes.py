"""Load balancers ask by address, whatever names ALLOWED_HOSTS has."""

import pytest


@pytest.mark.parametrize(
    ("host", "status"),
    [("10.0.0.5:8000", 200), ("[::1]:8000", 200), ("rapport.example", 200), ("evil.example", 400)],
)
def test_a_probe_by_address_is_answered_and_a_strangers_name_is_not(client, settings, host, status):
    settings.ALLOWED_HOSTS = ["rapport.example"]
    assert client.get("/health/live", HTTP_HOST=host).status_code == status
