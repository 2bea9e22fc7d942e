"""SAML 2.0 against a provider that signs for real, and against whoever forges its word."""

import base64
import copy
from datetime import timedelta

import pytest
import xmlsec
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from config.console.signing_in.providers.saml import ASKED
from config.workspace.models import AuditEntry, IdentityProvider, Role, TakenAssertion, User
from config.workspace.sso import once
from config.workspace.sso.saml import addresses, judging, xml
from config.workspace.sso.saml.metadata import understood
from tests.cast import make_user
from tests.config.console.signing_in.saml_provider import (
    CURVE,
    EVIL,
    MAIL,
    NAMES,
    OURS,
    TRANSIENT,
    A,
    KeyPair,
    SamlIdp,
)
from tests.config.console.signing_in.test_again import grow_old
from tests.config.console.signing_in.test_second_factor import add_app

pytestmark = pytest.mark.django_db
START, LOGIN = "/console/login/sso/office/", "/console/login/"
BACK, METADATA = f"{START}saml/", f"{START}metadata/"
IDP = SamlIdp()
MEI = {
    "mail": ["mei@puncak.example"],
    "first": ["Mei"],
    "last": ["Tanaka"],
    "groups": ["everybody", "analysts"],
}


@pytest.fixture
def provider():
    found = understood(IDP.metadata().encode())
    return IdentityProvider.objects.create(
        slug="office",
        name="Office",
        kind=IdentityProvider.Kind.SAML,
        issuer=found.entity,
        sso_url=found.sso_url,
        certificates=found.certificates,
        email_claim="mail",
        first_name_claim="first",
        last_name_claim="last",
        domains=["puncak.example"],
        mapping=[["bosses", "admin"], ["analysts", "analyst"], ["sellers", "marketer"]],
    )


def begin(client, **form):
    page = client.post(START, form)
    assert page.status_code == 200, page.headers
    return IDP.asked(page.context["url"])


def bring(client, answer, **more):
    """As a browser: the provider's page sends it without our cookies, ours with them."""
    first = Client().post(BACK, {"SAMLResponse": answer, "RelayState": "//evil.example/", **more})
    assert first.context["answer"] == answer
    assert not first.cookies, "no cookie of the browser is written over"
    return client.post(BACK, {"SAMLResponse": answer, first.context["field"]: "1"})


def come_in(client=None, form=None, **said):
    client = client or Client()
    asked = begin(client, **(form or {}))
    return client, bring(client, IDP.answer(asked, **{**MEI, **said}))


def words(client):
    return client.get(LOGIN).content.decode()


def fault():
    return AuditEntry.objects.filter(action="sign_in.refused").latest("id").detail["fault"]


def test_somebody_is_made_at_the_first_log_in_and_known_at_the_next(provider):
    assert "Continue with Office" in words(Client())
    mei, answer = come_in(form={"next": "/console/segments/"})
    assert answer["Location"] == "/console/segments/"
    assert mei.get("/console/segments/").status_code == 200
    user = User.objects.get()
    assert (user.role, user.email, user.get_full_name()) == (
        "analyst",
        "mei@puncak.example",
        "Mei Tanaka",
    )
    assert not (user.has_usable_password() or user.is_superuser)
    assert SocialAccount.objects.get().uid == "mei-1"
    come_in(groups=["sellers"])
    user.refresh_from_db()
    assert (User.objects.count(), user.role) == (1, "marketer")
    told = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert told.count("user.created") == 1
    assert told.count("sign_in.succeeded") == 2
    assert "user.role_mapped" in told
    # both signed, as some providers do, and by a key of a curve that is to come
    found = understood(IDP.metadata(OURS, CURVE).encode())
    IdentityProvider.objects.update(certificates=found.certificates)
    for key in (OURS, CURVE):
        assert come_in(key=key, sign=("Assertion", "Response"))[1]["Location"] == "/console/"


def test_what_decides_is_the_same_as_of_any_provider(provider):
    ada = make_user(Role.ADMIN, "ada", email="ada@puncak.example")
    for groups in ([], ["Bosses"], ["bosses analysts"]):
        client, answer = come_in(name="eve", groups=groups)
        assert answer["Location"] == LOGIN
        assert "in none of the groups" in words(client)
    assert "no domain that signs in" in words(come_in(name="eve", mail=["e@x.example"])[0])
    client, answer = come_in(name="ada-1", mail=["ADA@puncak.example"])
    assert answer["Location"] == "/console/", "its domain is the provider's"
    ada.refresh_from_db()
    assert (User.objects.count(), ada.role) == (1, "admin"), "the last admin stays one"
    assert "works here already" in words(come_in(name="x", mail=["ada@puncak.example"])[0])
    IdentityProvider.objects.update(domains=[], email_claim="")
    come_in(name="kim@puncak.example", format=MAIL)
    assert User.objects.latest("pk").email == "", "nobody said that it speaks for the domain"
    assert "works here already" in words(come_in(name="ada@puncak.example", format=MAIL)[0])
    mei = come_in()[0]
    add_app(mei)
    assert come_in()[1]["Location"] == "/console/login/code/"


def test_a_comment_in_a_name_makes_nobody_somebody_else(provider):
    make_user(Role.ADMIN, "boss")
    come_in(name="boss@puncak.example<!-- -->.evil.example", mail=["boss@puncak<!-- -->.example"])
    account = SocialAccount.objects.get()
    assert account.uid == "boss@puncak.example.evil.example"
    assert account.user.email == "boss@puncak.example"


def at(path):
    return lambda root: root.find(path, NAMES)


def put(path, name, value):
    """An attribute there; None takes it away."""

    def change(root):
        element = at(path)(root) if path else root
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return change


def say(path, text):
    def change(root):
        at(path)(root).text = text

    return change


def drop(path):
    def change(root):
        element = at(path)(root)
        element.getparent().remove(element)

    return change


DATA, WHEN = "a:Assertion/a:Subject//a:SubjectConfirmationData", "a:Assertion/a:Conditions"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("unsigned", {"sign": ()}),
        ("unsigned", {"sign": ("Response",)}),
        ("signature", {"key": EVIL}),
        ("signature", {"method": xmlsec.Transform.RSA_SHA1}),
        ("signature", {"way": xmlsec.Transform.EXCL_C14N_COMMENTS}),
        ("signature", {"way": xmlsec.Transform.C14N}),
        ("audience", {"before": say(f"{WHEN}//a:Audience", "https://other.example/")}),
        ("audience", {"before": drop(f"{WHEN}/a:AudienceRestriction")}),
        ("conditions", {"before": drop(WHEN)}),
        ("recipient", {"before": put(DATA, "Recipient", "https://testserver.evil.example/")}),
        ("recipient", {"before": put(DATA, "Recipient", None)}),
        ("recipient", {"before": put("", "Destination", "https://other.example/")}),
        ("issuer", {"before": say("a:Assertion/a:Issuer", "https://other.example/")}),
        ("issuer", {"before": say("a:Issuer", "https://other.example/")}),
        ("denied", {"before": put("p:Status/p:StatusCode", "Value", "urn:x:Requester")}),
        ("time", {"late": 3600}),
        ("time", {"late": 425}),
        ("time", {"late": -125}),
        ("time", {"before": put(DATA, "NotOnOrAfter", None)}),
        ("time", {"before": put(DATA, "NotOnOrAfter", "soon")}),
        ("time", {"before": put(WHEN, "NotOnOrAfter", PAST)}),
        ("time", {"before": put(WHEN, "NotBefore", FUTURE)}),
        ("time", {"before": put("a:Assertion", "IssueInstant", PAST)}),
        ("time", {"before": put("a:Assertion/a:AuthnStatement", "SessionNotOnOrAfter", PAST)}),
        ("time", {"before": drop("a:Assertion/a:AuthnStatement")}),
        ("confirmation", {"before": put("a:Assertion//a:SubjectConfirmation", "Method", "urn:x")}),
        ("confirmation", {"before": drop("a:Assertion//a:SubjectConfirmation")}),
        ("subject", {"before": drop("a:Assertion//a:NameID")}),
        ("subject", {"name": "x" * 192}),
        ("transient", {"format": TRANSIENT}),
        ("xml", {"before": put("", "Version", "1.1")}),
    ],
)
def test_what_is_not_for_us_here_and_now_lets_nobody_in(provider, why, said):
    client, answer = come_in(**said)
    assert answer["Location"] == LOGIN, answer.content
    assert "did not let you in" in words(client)
    assert fault() == why
    assert client.get("/console/").status_code == 302
    assert not (User.objects.exists() or TakenAssertion.objects.exists())


def forged(root):
    """The same assertion with another name and the group of admins, its signature taken out."""
    evil = copy.deepcopy(at("a:Assertion")(root))
    evil.remove(at("ds:Signature")(evil))
    at("a:Subject/a:NameID")(evil).text = "eve"
    for value in evil.iterfind(".//a:Attribute[@Name='groups']/a:AttributeValue", NAMES):
        value.text = "bosses"
    return evil


def changed(root):
    for value in root.iterfind(".//a:Attribute[@Name='groups']/a:AttributeValue", NAMES):
        value.text = "bosses"


def beside(index):
    def wrap(root):
        evil = forged(root)
        evil.set("ID", "_evil")
        root.insert(index, evil)

    return wrap


def around(root):
    """Its signature holds what it signs; the assertion around it is another's."""
    evil, own = forged(root), at("a:Assertion")(root)
    signature = at("ds:Signature")(own)
    own.remove(signature)
    root.remove(own)
    evil.set("ID", "_evil")
    inside = signature.makeelement(f"{{{NAMES['ds']}}}Object")
    inside.append(own)
    signature.append(inside)
    evil.insert(1, signature)
    root.append(evil)


def under(name, number=""):
    """What was signed stands somewhere else; in its place is another's, by its number or not."""

    def wrap(root):
        evil, own = forged(root), at("a:Assertion")(root)
        evil.set("ID", number or own.get("ID"))
        evil.insert(1, copy.deepcopy(at("ds:Signature")(own)))
        root.remove(own)
        place = root.makeelement(name)
        place.append(own)
        root.insert(1, place)
        root.append(evil)

    return wrap


def renamed(root):
    """Hidden under a name of no space, so that it is no second assertion."""
    evil, own = forged(root), at("a:Assertion")(root)
    evil.insert(1, copy.deepcopy(at("ds:Signature")(own)))
    own.tag = "Assertion"
    root.append(evil)


def twice(root):
    signature = at("a:Assertion/ds:Signature")(root)
    signature.getparent().insert(1, copy.deepcopy(signature))


def two_references(root):
    info = at("a:Assertion/ds:Signature/ds:SignedInfo")(root)
    info.append(copy.deepcopy(at("ds:Reference")(info)))


def another_reference(uri):
    return put("a:Assertion/ds:Signature/ds:SignedInfo/ds:Reference", "URI", uri)


def transform(root):
    transforms = at("a:Assertion/ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms")(root)
    one = transforms.makeelement(f"{{{NAMES['ds']}}}Transform")
    one.set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
    transforms.append(one)


def encrypted(root):
    root.append(root.makeelement(f"{{{A}}}EncryptedAssertion"))


@pytest.mark.parametrize(
    ("why", "after"),
    [
        ("signature", changed),
        ("signature", say("a:Assertion//a:NameID", "eve")),
        ("assertions", beside(2)),
        ("assertions", beside(99)),
        ("assertions", around),
        ("assertions", under("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")),
        ("assertions", under("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions", "_evil")),
        ("assertions", under("{http://www.w3.org/2000/09/xmldsig#}Object")),
        ("signature", renamed),
        ("unsigned", twice),
        ("signature", two_references),
        ("signature", another_reference("")),
        ("signature", another_reference("#other")),
        ("signature", another_reference("#xpointer(/)")),
        ("signature", another_reference("https://evil.example/")),
        ("signature", transform),
        ("signature", put("a:Assertion", "ID", "_other")),
        ("encrypted", encrypted),
        ("unsigned", drop("a:Assertion/ds:Signature")),
        ("assertions", drop("a:Assertion")),
    ],
)
def test_what_is_changed_or_moved_after_it_was_signed_lets_nobody_in(provider, why, after):
    _client, answer = come_in(after=after)
    assert answer["Location"] == LOGIN, answer.content
    assert fault() == why
    assert not User.objects.exists()


def test_an_answer_lets_in_once_and_only_the_browser_that_asked(provider):
    mine, eve = Client(), Client()
    asked = begin(mine)
    answer = IDP.answer(asked, **MEI)
    # in a browser that asked nothing, and in one that asked something else
    assert "Begin here" in bring(eve, answer).content.decode()
    begin(eve)
    assert "Begin here" in bring(eve, answer).content.decode()
    assert not (User.objects.exists() or TakenAssertion.objects.exists())
    kept = mine.session[ASKED]
    assert bring(mine, answer)["Location"] == "/console/"
    assert mine.session[ASKED] == {}
    assert "Begin here" in bring(mine, answer).content.decode()
    # also where the session had not forgotten it: another process, another machine
    session = eve.session
    session[ASKED] = kept
    session.save()
    assert bring(eve, answer)["Location"] == LOGIN
    assert fault() == "taken before"
    assert TakenAssertion.objects.count() == 1
    assert once.prune(timezone.now()) == 0
    assert once.prune(timezone.now() + timedelta(minutes=8)) == 1
    # of no request at all, as a list of applications over there sends it
    other = Client()
    asked = begin(other)
    for change in (put(DATA, "InResponseTo", None), put(DATA, "InResponseTo", "_x")):
        page = bring(other, IDP.answer(asked, before=change, **MEI))
        assert "did not ask for it a moment ago" in page.content.decode()
    stale = other.session
    for one in stale[ASKED].values():
        one["at"] -= 16 * 60
    stale.save()
    assert "Begin here" in bring(other, IDP.answer(asked, **MEI)).content.decode()
    for _ in range(9):
        begin(other)
    assert len(other.session[ASKED]) == 5


def test_it_leads_nowhere_else_and_clocks_may_be_a_little_apart(provider):
    for wanted in ("//evil.example/", "https://evil.example/", "javascript:alert(1)"):
        _client, answer = come_in(form={"next": wanted})
        assert answer["Location"] == "/console/", wanted
    for late in (90, -90, 390):
        assert come_in(late=late)[1]["Location"] == "/console/", late
    assert Client().get(BACK).status_code == 405
    IdentityProvider.objects.update(is_active=False)
    assert Client().post(BACK, {"SAMLResponse": "x"}).status_code == 404
    assert Client().post(START).status_code == 404


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>'


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no xml",
        BOMB.encode(),
        BOMB.encode("utf-16"),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * 1000 + b"</a>" * 1000,
        f"<a {' '.join(f'xmlns:n{number}={chr(34)}u{chr(34)}' for number in range(60))}/>".encode(),
        "<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"),
        b"<a/>\x00",
        "<a>\ud800</a>".encode("utf-8", "surrogatepass"),
    ],
)
def test_bombs_types_and_other_codings_are_not_read(provider, text):
    client = Client()
    begin(client)
    with pytest.raises(xml.NotXml):
        xml.read(text)
    assert bring(client, base64.b64encode(text).decode())["Location"] == LOGIN
    assert fault() == "xml"
    client.post(BACK, {"SAMLResponse": "&&&=", "passed_on": "1"})
    assert fault() == "xml"
    client.post(BACK, {"SAMLResponse": "A" * (judging.MOST + 1), "passed_on": "1"})
    assert fault() == "size"


def test_who_comes_in_by_it_shows_there_anew_who_they_are(provider):
    boss, _answer = come_in(groups=["bosses"])
    grow_old(boss)
    led = boss.post("/console/team/", {"email": "kim@puncak.example", "role": "analyst"})
    assert led["Location"].startswith("/console/security/again/provider/?next=")
    form = {"again": "1", "next": "/console/security/again/sent/"}
    assert begin(boss, **form).is_anew
    assert not begin(Client()).is_anew
    for said in ({"signed_in": 3600}, {"name": "eve"}):
        _client, answer = come_in(boss, form, groups=["bosses"], **said)
        assert answer["Location"] == "/console/security/"
    assert User.objects.count() == 1
    assert boss.get("/console/").status_code == 200
    _client, answer = come_in(boss, form, groups=["bosses"])
    assert answer["Location"] == "/console/security/again/sent/"
    assert boss.get(answer["Location"]).context["path"] == "/console/team/"
    assert AuditEntry.objects.get(action="sign_in.shown_again").detail == {"how": "sso"}


def test_we_say_of_ourselves_what_a_provider_has_to_know(provider, settings):
    settings.BASE_URL, settings.ALLOWED_HOSTS = "https://shop.example", ["shop.example"]
    client = Client(headers={"Host": "shop.example"})
    answer = client.get(METADATA)
    assert answer["Content-Type"] == "application/samlmetadata+xml"
    root = xml.read(answer.content)
    assert root.get("entityID") == f"https://shop.example{METADATA}"
    service = root.find("md:SPSSODescriptor/md:AssertionConsumerService", xml.NAMES)
    assert service.get("Location") == f"https://shop.example{BACK}"
    assert root.find("md:SPSSODescriptor", xml.NAMES).get("WantAssertionsSigned") == "true"
    assert client.get("/console/login/sso/nobody/metadata/").status_code == 404
    IdentityProvider.objects.update(kind="oidc")
    assert client.get(METADATA).status_code == 404


FORM = {"name": "Office", "slug": "office", "kind": "saml", "groups": "analysts = analyst\n"}
FORM |= {"groups_claim": "groups", "email_claim": "mail", "domains": "puncak.example"}
ADD = "/console/workspace/identityprovider/add/"


def faults(answer):
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def test_the_form_reads_metadata_and_says_what_is_wrong(client):
    client.force_login(make_user(Role.ADMIN, "ada"))
    assert "metadata" in faults(client.post(ADD, {**FORM, "is_active": "on"}))
    assert client.post(ADD, FORM).status_code == 302, "off first, so that it can be told of us"
    row = IdentityProvider.objects.get()
    address = f"/console/workspace/identityprovider/{row.pk}/change/"
    shown = client.get(address)
    page = shown.content.decode()
    assert f"http://testserver{METADATA}" in page
    assert f"http://testserver{BACK}" in page
    assert "Client secret" not in page
    initial = shown.context["adminform"].form.initial
    assert {name: initial[name] for name in ("domains", "groups")} == {
        "domains": "puncak.example",
        "groups": "analysts = analyst",
    }
    weak, good = KeyPair(bits=1024), IDP.metadata(OURS, EVIL)
    for text, said in (
        ("no xml", "no SAML metadata"),
        (f"<!DOCTYPE a>{good[21:]}", "no SAML metadata"),
        (f"<x>{good[21:]}{good[21:]}</x>", "one identity provider"),
        (IDP.metadata(entity=""), "names no entity"),
        (IDP.metadata(place="http://idp.example/"), "address to sign in"),
        (IDP.metadata(place="https://a:b@idp.example/"), "address to sign in"),
        (IDP.metadata(place="https://[/"), "address to sign in"),
        (IDP.metadata(place="javascript:alert(1)"), "address to sign in"),
        (good.replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"), "damaged"),
        (IDP.metadata(weak), "2,048 bits"),
    ):
        answer = client.post(address, {**FORM, "is_active": "on", "metadata": text})
        assert said in faults(answer)["metadata"][0], text
    for url in ("https://127.0.0.1/", "file:///etc/passwd", "http://idp.example/", "x"):
        assert "metadata_url" in faults(client.post(address, {**FORM, "metadata_url": url}))
    answer = client.post(address, {**FORM, "is_active": "on", "metadata": good})
    assert answer.status_code == 302, faults(answer)
    row.refresh_from_db()
    assert (row.issuer, row.sso_url) == (IDP.entity, IDP.place)
    assert row.certificates.count("BEGIN CERTIFICATE") == 2
    assert come_in()[1]["Location"] == "/console/"
    assert client.post(address, {**FORM, "is_active": "on"}).status_code == 302
    assert SocialAccount.objects.count() == 1
    other = IDP.metadata(entity="https://other.example/saml")
    client.post(address, {**FORM, "is_active": "on", "metadata": other})
    assert not SocialAccount.objects.exists(), "who they are there is nobody elsewhere"


def test_metadata_is_fetched_from_its_address(client, settings, metadata_server):
    client.force_login(make_user(Role.ADMIN, "ada"))
    form = {**FORM, "is_active": "on"}
    assert "metadata_url" in faults(client.post(ADD, {**form, "metadata_url": metadata_server}))
    settings.CALL_INTERNAL_ADDRESSES = True
    for path in ("missing", "moved", "large"):
        answer = client.post(ADD, {**form, "metadata_url": metadata_server + path})
        assert "metadata_url" in faults(answer), path
    assert client.post(ADD, {**form, "metadata_url": metadata_server}).status_code == 302
    assert IdentityProvider.objects.get().issuer == IDP.entity


def test_without_the_extra_it_says_so_and_offers_nothing(provider, client, monkeypatch):
    boss, _answer = come_in(groups=["bosses"])
    monkeypatch.setattr(addresses, "NEEDS", ("a_module_that_is_not_there",))
    assert "Continue with Office" not in words(Client())
    assert Client().post(START).status_code == 404
    assert Client().post(BACK, {"SAMLResponse": "x"}).status_code == 404
    assert Client().get(METADATA).status_code == 200
    grow_old(boss)
    assert boss.post("/console/team/", {})["Location"] == "/console/security/"
    client.force_login(make_user(Role.ADMIN, "ada"))
    form = {**FORM, "slug": "other", "metadata": IDP.metadata(), "is_active": "on"}
    assert "make install-saml" in faults(client.post(ADD, form))["kind"][0]
    page = client.get("/console/workspace/identityprovider/").content.decode()
    assert "make install-saml" in page
