"""The OpenAPI document: valid, evenly named, whole; a client that is generated of it works."""

import importlib
import json
import re
import sys
from collections import Counter
from types import ModuleType
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_spec_validator import OpenAPIV30SpecValidator, validate

from profiles.ingest.middleware import KINDS
from tests.api.conftest import Stranger, printed

SPEC = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = [
    (path, method, operation)
    for path, methods in SPEC["paths"].items()
    for method, operation in methods.items()
]
ACTS = {
    "get": ("list", "retrieve"),
    "patch": ("update",),
    "put": ("update",),
    "delete": ("delete", "remove"),
}


def test_the_document_is_valid():
    validate(json.loads(json.dumps(SPEC)), cls=OpenAPIV30SpecValidator)


def test_operations_are_named_alike_and_once():
    """The words of the address, then what is done (`config.workspace.api.schema`)."""
    counts = Counter(operation["operationId"] for _path, _method, operation in OPERATIONS)
    assert [name for name, n in counts.items() if n > 1] == []
    for path, method, operation in OPERATIONS:
        name = operation["operationId"]
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name
        if not path.startswith("/api/"):
            continue
        words = [part for part in path.split("/")[2:] if part and "{" not in part]
        own = "_".join(words).replace("-", "_")
        acts = ACTS.get(method, ("create", ""))
        assert name in {f"{own}_{act}".rstrip("_") for act in acts}, (name, method, path)


def test_enumerations_have_names_that_stay():
    """One that collides is named by a digest, which is another one after the next change."""
    names = SPEC["components"]["schemas"]
    assert [name for name in names if re.search(r"\d\w*Enum$", name)] == []


def test_ingest_is_in_it():
    assert {f"/v1/{kind}" for kind in KINDS} <= set(SPEC["paths"])
    assert {"writeKey", "writeKeyBearer", "apiKey"} <= set(SPEC["components"]["securitySchemes"])


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that openapi-python-client makes of the document."""
    place = tmp_path_factory.mktemp("client")
    document = place / "openapi.json"
    document.write_text(json.dumps(SPEC))
    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        document_source=document,
        file_encoding="utf-8",
        overwrite=True,
        output_path=place / "rapport_client",
    )
    assert [problem.detail for problem in generate(config=config)] == []
    sys.path.insert(0, str(place))
    try:
        importlib.invalidate_caches()
        yield importlib.import_module("rapport_client")
    finally:
        sys.path.remove(str(place))
        for name in [name for name in sys.modules if name.split(".")[0] == "rapport_client"]:
            del sys.modules[name]


def part(name: str) -> Any:
    """A module of the generated package."""
    return importlib.import_module(f"rapport_client.{name}")


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_makes_lists_and_is_refused(
    generated: ModuleType, stranger: Stranger
) -> None:
    address = str(stranger.http.base_url)
    key = printed("apikey", "create", "generated", "--scope", "all")
    api = generated.AuthenticatedClient(base_url=address, token=key)
    _sources(api)
    _segments(api)
    _calls(generated, address, stranger)
    unknown = generated.AuthenticatedClient(base_url=address, token="rk_nobody")
    refused = part("api.sources.sources_list").sync_detailed(client=unknown)
    assert (refused.status_code, refused.parsed.title) == (401, "Not authenticated")


def _sources(api: Any) -> None:
    models = part("models")
    create, lists = part("api.sources.sources_create"), part("api.sources.sources_list")
    for name in ("web", "app", "till"):
        made = create.sync(client=api, body=models.NewSource(name, models.SourceKind.BROWSER))
        assert isinstance(made, models.MadeSource) and made.write_key
    seen, cursor = [], part("types").UNSET
    while True:
        page = lists.sync(client=api, limit=2, cursor=cursor)
        seen += [row.name for row in page.results]
        if page.next_ is None:
            break
        cursor = re.search(r"cursor=([^&]+)", page.next_)[1]
    assert seen[:3] == ["till", "app", "web"] and len(seen) == len(set(seen)) > 3
    again = create.sync_detailed(
        client=api, body=models.NewSource("web", models.SourceKind.BROWSER)
    )
    assert again.status_code == 409
    assert isinstance(again.parsed, models.Problem)
    assert [(one.path, one.code) for one in again.parsed.errors] == [("name", "unique")]


def _segments(api: Any) -> None:
    models = part("models")
    rule = {"match": "all", "conditions": [{"kind": "trait", "field": "plan", "op": "is_set"}]}
    body = models.NewSegment.from_dict({"slug": "known", "name": "Known", "rule": rule})
    made = part("api.segments.segments_create").sync(client=api, body=body)
    assert (made.slug, made.version) == ("known", 1)
    one = part("api.segments.segments_retrieve").sync("known", client=api)
    assert one.name == "Known" and one.rule["match"] == "all"
    nothing = part("api.segments.segments_retrieve").sync("nothing", client=api)
    assert isinstance(nothing, models.Problem) and nothing.status == 404


def _calls(generated: ModuleType, address: str, stranger: Stranger) -> None:
    """Ingest, by the same client with a write key."""
    models = part("models")
    source = generated.AuthenticatedClient(base_url=address, token=stranger.write_key)
    call = models.IngestTrack.from_dict({"event": "Order Completed", "userId": "u-1"})
    taken = part("api.ingest.ingest_track").sync(client=source, body=call)
    assert isinstance(taken, models.IngestTaken) and taken.success is True
