"""One permission as a file that a script checks without our database, and a stamp from outside."""

import json
import shutil
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from config.postgres.roles import names_of
from config.workspace.models import Circuit, Seal, TimeStamp
from config.workspace.trail import sealing, stamping, trees
from config.workspace.trail.proofs import SCRIPT, NotProvable, proof_of
from consent.ledger.chain import CONSENTS, SEALED
from consent.models import ConsentEntry
from tests.campaigns.builders import make_person, say
from tests.racing import until_others_ended

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl")


@given(st.integers(1, 70), st.data())
def test_a_path_leads_from_its_leaf_to_the_root_and_from_no_other(size, data):
    leaves = [trees.leaf(bytes([n])) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    for start, fits in ((leaves[index], True), (trees.leaf(b"another"), False)):
        found = start
        for side, beside in trees.path(leaves, index):
            found = trees.node(beside, found) if side == "left" else trees.node(found, beside)
        assert (found == trees.root(leaves)) is fits


@pytest.fixture
def said(monkeypatch, transactional_db):
    """Five permissions in two blocks."""
    monkeypatch.setattr(sealing, "SETTLE", timedelta(0))
    monkeypatch.setattr(sealing, "SEAL_EVERY", timedelta(0))
    for names in (("ada", "ben", "cleo"), ("dan", "eve")):
        for name in names:
            say(make_person(name), act="form")
        until_others_ended()
        assert sealing.seal_due(CONSENTS) == len(names)
    assert sealing.verify(CONSENTS) == []
    return {entry.contact_point.partition("@")[0]: entry for entry in ConsentEntry.objects.all()}


def checked(proof: dict, tmp_path, *more: str) -> tuple[int, str]:
    """What the script says, without anything of ours around it."""
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof))
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(file), *more],
        capture_output=True, text=True, cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, check=False,
    )  # fmt: skip
    assert not done.stderr
    return done.returncode, done.stdout


def erase(entry: ConsentEntry) -> None:
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute(f'SET ROLE "{names_of(connection).eraser}"')
        cursor.execute(
            "UPDATE consent_entry SET contact_point = '', evidence = '{}' WHERE id = %s", [entry.pk]
        )


def test_a_script_proves_one_permission_alone_also_after_erasures(said, tmp_path):
    proof = proof_of(CONSENTS, said["ben"].pk, SEALED)
    code, words = checked(proof, tmp_path)
    assert (code, "ben@example.com" in words, '"act": "form"' in words) == (0, True, True)
    text = json.dumps(proof)
    assert not any(name in text for name in ("ada@", "cleo@", "dan@"))
    assert bytes(Seal.objects.earliest("id").hash).hex() in text
    erase(said["ada"])
    assert checked(proof_of(CONSENTS, said["ben"].pk, SEALED), tmp_path)[0] == 0
    erase(said["ben"])
    code, words = checked(proof_of(CONSENTS, said["ben"].pk, SEALED), tmp_path)
    assert (code, "erased since" in words, "ben@" in words) == (0, True, False)
    assert checked(proof, tmp_path)[0] == 0, "who has the older file proves it as before"


def test_whatever_is_changed_in_a_proof_is_found(said, tmp_path):
    proof = proof_of(CONSENTS, said["cleo"].pk, SEALED)
    entry = json.loads(proof["entry"])
    entry[proof["columns"].index("status")] = "withdrawn"
    first, *others = proof["chain"]
    for change, says in (
        ({"entry": json.dumps(entry)}, "not in its block"),
        ({"personal": proof["personal"].replace("cleo", "eve")}, "personal part"),
        ({"path": proof["path"][:-1]}, "not in its block"),
        ({"chain": [first | {"hash": "00" * 32}, *others]}, "does not"),
        ({"chain": [first, others[0] | {"previous": "00" * 32}]}, "does not follow"),
        ({"format": "rapport-proof/9"}, "not known"),
        ({"chain": []}, "no proof"),
    ):
        code, words = checked(proof | change, tmp_path)
        assert (code, says in words) == (1, True), (change, words)


def test_what_is_not_sealed_or_sealed_as_a_list_has_no_proof(said):
    say(make_person("fay"))
    with pytest.raises(NotProvable, match="unsealed"):
        proof_of(CONSENTS, ConsentEntry.objects.latest("id").pk, SEALED)
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE seal SET scheme = 1, root = NULL")
    with pytest.raises(NotProvable, match="listed"):
        proof_of(CONSENTS, said["ada"].pk, SEALED)
    assert sealing.verify(CONSENTS) != [], "and a tree is no list"


def test_blocks_that_were_sealed_as_lists_are_verified_as_before(said):
    """As version 0.1 made them: the hash over the entries one after another."""
    previous = b""
    for seal in Seal.objects.filter(ledger=CONSENTS.name).order_by("id"):
        rows = [row[:-1] for row in sealing.sealed_rows(CONSENTS, seal.first_id - 1, seal.last_id)]
        seal.scheme = 1
        hashed = sealing._hash_of(seal, previous, rows)
        with connection.owner(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE seal SET scheme = 1, root = NULL, previous_hash = %s, hash = %s"
                " WHERE id = %s",
                [previous, hashed, seal.pk],
            )
        previous = hashed
    assert sealing.verify(CONSENTS) == []
    say(make_person("gus"))
    until_others_ended()
    assert sealing.seal_due(CONSENTS) == 1
    assert sealing.verify(CONSENTS) == []


@pytest.fixture
def authority(tmp_path, settings):
    """By `openssl ts`, with a root of its own; `wrong` spoils its answers."""
    folder = tmp_path / "tsa"
    folder.mkdir()

    def openssl(*words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    (folder / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_cert = tsa.pem\n"
        "signer_key = tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n"
        "digests = sha256, sha512\nordering = no\ntsa_name = no\ness_cert_id_chain = no\n"
        "[ext]\nextendedKeyUsage = critical,timeStamping\nkeyUsage = critical,digitalSignature\n"
    )
    (folder / "serial").write_text("01\n")
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj")
    openssl(*new, "/CN=Root", "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2")
    openssl(*new, "/CN=Stamper", "-keyout", "tsa.key", "-out", "tsa.csr")
    openssl(
        "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-out", "tsa.pem", "-days", "2", "-extfile", "tsa.cnf", "-extensions", "ext",
    )  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        wrong = ""

        def do_POST(self):
            (folder / "asked").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked", "-out", "answer")
            body = (folder / "answer").read_bytes()
            self.send_response(500 if self.wrong == "down" else 200)
            self.end_headers()
            self.wfile.write(b"no" if self.wrong == "text" else body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.TIME_STAMP_AUTHORITY = f"http://127.0.0.1:{server.server_port}/tsr"
    settings.TIME_STAMP_CERTIFICATES = str(folder / "ca.pem")
    yield Handler, folder
    server.shutdown()
    server.server_close()


@needs_openssl
def test_an_authority_outside_stamps_the_newest_block_once_a_day(said, authority, tmp_path):
    _handler, folder = authority
    assert stamping.stamp_due() == 1
    assert stamping.stamp_due() == 0
    proof = proof_of(CONSENTS, said["ada"].pk, SEALED)
    assert len(proof["chain"]) == 2
    code, words = checked(proof, tmp_path, "--ca", str(folder / "ca.pem"))
    assert (code, "saw block" in words) == (0, True), words
    other = proof | {"chain": proof["chain"][:1]}
    code, words = checked(other, tmp_path, "--ca", str(folder / "ca.pem"))
    assert (code, "something else" in words) == (1, True)
    strange = folder / "tsa.pem"
    code, words = checked(proof, tmp_path, "--ca", str(strange))
    assert (code, "not genuine" in words) == (1, True)


@needs_openssl
def test_an_authority_that_fails_is_left_alone_for_a_while_and_told_of(said, authority, settings):
    handler, folder = authority
    for wrong, words in (("down", "500"), ("text", "no time stamp")):
        handler.wrong = wrong
        with pytest.raises(stamping.NotStamped, match=words):
            stamping.stamp_due()
        assert stamping.stamp_due() == 0, "it is left alone"
        Circuit.objects.all().delete()
    handler.wrong = ""
    settings.TIME_STAMP_CERTIFICATES = str(folder / "nothing.pem")
    with pytest.raises(stamping.NotStamped, match="cannot be read"):
        stamping.stamp_due()
    assert not TimeStamp.objects.exists()
    settings.TIME_STAMP_AUTHORITY = ""
    assert stamping.stamp_due() == 0
