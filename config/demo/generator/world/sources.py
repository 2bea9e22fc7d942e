"""The five places that data comes from; names and kinds as `manage.py source create` takes them."""

from __future__ import annotations

WEB = "Web shop"
SERVER = "Shop server"
APP = "Mobile app"
TILL = "Store till"
CRM = "CRM import"
SOURCES: dict[str, str] = {
    WEB: "browser",
    SERVER: "server",
    APP: "mobile",
    TILL: "server",
    CRM: "import",
}
