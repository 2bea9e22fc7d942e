#!/usr/bin/env python3
"""Checks a proof of a permission without the system that made it: python3 verify_proof.py FILE

Needs Python 3.10 or later and nothing else; the time stamps are checked by `openssl ts`, where it
is there and the certificates of their authority are given: --ca FILE.

What is checked: that the text of the entry hashes, with the hashes of its path, to the root of its
block (RFC 6962, section 2.1); that the block hashes to its hash; that each later block names the
one before; that the personal part hashes to the digest which the entry holds; and that each time
stamp (RFC 3161) is of the last block's hash.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main() -> int:
    """0 where all fits, 1 with what does not."""
    parser = argparse.ArgumentParser(description="Check a proof of a permission.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--ca", type=Path, help="certificates of the time stamp authority (PEM)")
    given = parser.parse_args()
    try:
        proof = json.loads(given.file.read_text())
        wrong = list(check(proof, given.ca))
    except (LookupError, ValueError, TypeError, OSError) as error:
        say(f"This is no proof that can be read: {error!r}")
        return 1
    for sentence in wrong:
        say(f"WRONG: {sentence}")
    if wrong:
        return 1
    say(told(proof))
    return 0


def say(text: str) -> None:
    """To whoever asked."""
    sys.stdout.write(text + "\n")


def check(proof: dict[str, Any], ca: Path | None = None) -> Iterator[str]:
    """A sentence for each thing that does not fit."""
    if proof["format"] != "rapport-proof/1":
        yield "the format is not known"
        return
    hashed = hashlib.sha256(b"\0" + proof["entry"].encode()).digest()
    for side, beside in proof["path"]:
        other = bytes.fromhex(beside)
        both = other + hashed if side == "left" else hashed + other
        hashed = hashlib.sha256(b"\1" + both).digest()
    blocks = proof["chain"]
    if hashed.hex() != blocks[0]["root"]:
        yield "the entry is not in its block"
    previous = blocks[0]["previous"]
    for block in blocks:
        if block["previous"] != previous:
            yield f"block {block['block']} does not follow the one before it"
        text = b"\2" + bytes.fromhex(block["previous"]) + bytes.fromhex(block["root"])
        if hashlib.sha256(text).hexdigest() != block["hash"]:
            yield f"block {block['block']} does not have its hash"
        previous = block["hash"]
    entry = dict(zip(proof["columns"], json.loads(proof["entry"]), strict=True))
    personal = proof["personal"]
    if personal and hashlib.sha256(personal.encode()).hexdigest() != entry["digest"]:
        yield "the personal part is not what was sealed"
    for stamp in proof["time_stamps"]:
        yield from check_stamp(stamp, bytes.fromhex(blocks[-1]["hash"]), ca)


def check_stamp(stamp: dict[str, str], sealed: bytes, ca: Path | None) -> Iterator[str]:
    """What openssl says of it; without openssl or certificates only that it is of this hash."""
    token = base64.b64decode(stamp["token"])
    imprint = hashlib.sha256(sealed).digest()
    if imprint not in token:
        yield f"the time stamp of {stamp['authority']} is of something else"
        return
    openssl = shutil.which("openssl")
    if not openssl or ca is None:
        say(f"Not checked: the signature of {stamp['authority']} (needs openssl and --ca).")
        return
    with tempfile.TemporaryDirectory() as folder:
        data, answer = Path(folder) / "data", Path(folder) / "token"
        data.write_bytes(sealed)
        answer.write_bytes(token)
        asked = [openssl, "ts", "-verify", "-data", str(data), "-in", str(answer), "-token_in"]
        asked += ["-CAfile", str(ca)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"the time stamp of {stamp['authority']} is not genuine: {done.stderr.strip()}"


def told(proof: dict[str, Any]) -> str:
    """What is proven, in words."""
    entry = dict(zip(proof["columns"], json.loads(proof["entry"]), strict=True))
    lines = ["Genuine. The entry as it was sealed:"]
    lines += [f"  {name}: {value}" for name, value in entry.items() if name != "digest"]
    if proof["personal"]:
        _salt, _id, point, evidence = json.loads(proof["personal"])
        lines += [f"  contact point: {point}", f"  evidence: {json.dumps(evidence)}"]
    else:
        lines.append("  The address and the evidence were erased since.")
    last = proof["chain"][-1]
    lines.append(f"It was sealed in block {proof['chain'][0]['block']}.")
    lines += [
        f"{stamp['authority']} saw block {last['block']} on {stamp['at']}."
        for stamp in proof["time_stamps"]
    ]
    if not proof["time_stamps"]:
        lines.append(
            f"No time stamp: compare the hash of block {last['block']} with your own copy:"
        )
        lines.append(f"  {last['hash']}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
