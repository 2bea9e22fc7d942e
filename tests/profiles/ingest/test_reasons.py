"""Every reason of a refusal is one of ours, so that it can be said in the reader's language."""

import ast
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, override

from config.workspace.models import Role
from profiles.calls import reasons
from profiles.models import RefusalCount, Rejection
from profiles.selectors.masking import Shown
from tests.cast import make_source, make_user

ROOT = Path(settings.BASE_DIR)
# name of the call -> places of code and words among its arguments
MADE_BY = {"CallProblem": (0, 2), "Invalid": (0, 2), "CallRefused": (1, 2), "BadItem": (None, 0)}
# what is answered and not kept: there is no source yet, or no body
NOT_KEPT = {"unpack", "_gunzip", "read_body", "_first", "_throttle", "_check_shared"}


def sites() -> Iterator[tuple[str, ast.expr | None, ast.expr]]:
    """Where, the code and the words of each refusal that is written down anywhere."""
    for path in sorted((ROOT / "profiles").rglob("*.py")):
        if "migrations" in path.parts or path.match("api/*"):
            continue
        tree = ast.parse(path.read_text())
        for function in (f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)):
            if function.name in NOT_KEPT:
                continue
            where = f"{path.name}:{function.name}"
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    places = MADE_BY.get(node.func.id)
                    if places and len(node.args) > places[1]:
                        code = None if places[0] is None else node.args[places[0]]
                        yield where, code, node.args[places[1]]
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                    code, _path, words = (*node.value.elts, None, None, None)[:3]
                    if ast.unparse(node.targets[0]).endswith(".refusal"):
                        yield where, code, words


def test_no_reason_is_written_where_it_arises():
    found = list(sites())
    assert len(found) > 40, "it looked at something"
    for where, code, words in found:
        for node in ast.walk(words):
            text = node.value if isinstance(node, ast.Constant) else ""
            is_sentence = isinstance(node, ast.JoinedStr) or re.search(r"\w \w", str(text))
            assert not is_sentence, f"{where}: {ast.unparse(words)} belongs into reasons.py"
        if isinstance(code, ast.Constant):
            assert code.value in reasons.CODES or "cells" in code.value, (where, code.value)


def test_every_sentence_is_in_the_list():
    own = [v for name, v in vars(reasons).items() if name.isupper() and isinstance(v, str)]
    assert len(own) > 30
    for template in (*own, *reasons.DECODER):
        filled = template
        for name in ("n", "most", "columns"):
            filled = filled.replace(f"%({name})d", "7")
        filled = re.sub(r"%\(\w+\)s", "x", filled)
        found = reasons.SENTENCES.find(filled)
        assert found is not None and found[0] == template


@pytest.mark.django_db
def test_live_events_and_the_source_say_why_in_the_readers_language(client):
    client.force_login(make_user(Role.ADMIN))
    source, now = make_source("Shop", "browser"), timezone.now()
    values = {"path": "timestamp", "value": "'yesterday'"}
    error = {"path": "timestamp", "code": "invalid_time", "message": reasons.NO_TIME % values}
    Rejection.objects.create(
        source=source, type="track", received_at=now, code="invalid_time", errors=[error],
        body='{"type": "track", "timestamp": "yesterday"}',
    )  # fmt: skip
    RefusalCount.objects.create(source=source, code="invalid_time", at=now, n=1, kept=1)
    for language in ("en", "id"):
        page = client.get("/console/live/?status=refused", headers={"accept-language": language})
        form = client.get(
            f"/console/profiles/source/{source.pk}/change/", headers={"accept-language": language}
        )
        with override(language):
            said = escape(gettext(reasons.NO_TIME) % values)
            assert f"<b>{said}</b>" in page.content.decode()
            assert reasons.code_in_words("invalid_time") in form.content.decode()
    text = page.content.decode()
    raw = text[text.index("data-copy=") :]
    assert escape(error["message"]) in raw, "for the developer: as it was answered"


def test_a_masked_reason_is_found_among_the_sentences_too():
    shown = Shown(personal=False)
    for words in (
        reasons.NO_TIME % {"path": "timestamp", "value": repr("jane@shop.example")},
        reasons.TWICE % {"key": repr("jane@shop.example")},
        reasons.TOO_MANY % {"most": 1000, "n": 2000},
        "Expected `str`, got `int`",
    ):
        masked = shown.fault({"message": words})["message"]
        assert "jane" not in masked
        assert reasons.SENTENCES.find(masked) is not None, masked
