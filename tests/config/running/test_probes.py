"""Load balancers ask by address, whatever names ALLOWED_HOSTS has."""

import pytest


@pytest.mark.parametrize(
    ("host", "status"),
    [("10.0.0.5:8000", 200), ("[::1]:8000", 200), ("rapport.example", 200), ("evil.example", 400)],
)
def test_a_probe_by_address_is_answered_and_a_strangers_name_is_not(client, settings, host, status):
    settings.ALLOWED_HOSTS = ["rapport.example"]
    assert client.get("/health/live", HTTP_HOST=host).status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize(("host", "status"), [("10.0.0.5:8000", 200), ("evil.example", 400)])
def test_figures_are_collected_by_address(client, settings, host, status):
    settings.ALLOWED_HOSTS, settings.METRICS_TOKEN = ["rapport.example"], "sesame"
    asked = {"HTTP_HOST": host, "HTTP_AUTHORIZATION": "Bearer sesame"}
    assert client.get("/metrics", **asked).status_code == status
    assert client.get("/metrics", HTTP_HOST="10.0.0.5").status_code == 403
