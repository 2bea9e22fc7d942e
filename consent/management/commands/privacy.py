"""Carries out privacy requests, and searches for what an erasure may have left."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.models import PrivacyRequest, RetentionRun
from consent.privacy.due import carry_out_due, left, start_due
from consent.privacy.erasure import searching
from consent.privacy.requests import NotOne, asked
from consent.privacy.subject import KnownBy
from consent.retention.running import carry_out_retention
from profiles.selectors.finding import as_uuid

WAIT_SECONDS = 0.2  # for transactions of others that began before an erasure


class Command(BaseCommand):
    """`privacy run`, `privacy verify REQUEST [--identifier KIND:VALUE]`."""

    help = (
        "run: carries out due requests and retention. verify: searches every column and file for "
        "a person who was erased."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The two actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("run")
        verify = actions.add_parser("verify")
        verify.add_argument("request", help="the request's id")
        verify.add_argument(
            "--identifier",
            action="append",
            default=[],
            metavar="KIND:VALUE",
            help="what the person was known by; else whole words are compared by their digest",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what was done."""
        if options["action"] == "run":
            self._run()
        else:
            self._verify(options["request"], options["identifier"])

    def _run(self) -> None:
        started, done = start_due(), 0
        while (n := carry_out_due()) or left().held:
            done += n
            time.sleep(0 if n else WAIT_SECONDS)
        open_ = PrivacyRequest.objects.filter(status=PrivacyRequest.Status.IN_PROGRESS).count()
        self.stdout.write(f"{started:,} requests started, {done:,} completed, {open_:,} under way")
        gone = 0
        while n := carry_out_retention():
            gone += n
        under_way = RetentionRun.objects.filter(state=RetentionRun.State.RUNNING).count()
        self.stdout.write(f"retention: {gone:,} rows taken, {under_way:,} runs under way")

    def _verify(self, reference: str, identifiers: list[str]) -> None:
        public_id = as_uuid(reference)
        request = PrivacyRequest.objects.filter(public_id=public_id).first() if public_id else None
        if request is None:
            raise CommandError(f"There is no privacy request {reference}.")
        found = self._search(request, identifiers)
        self.stdout.write(json.dumps(found, indent=2))
        if found["found"]:
            raise CommandError(f"{len(found['found'])} places hold something of this person.")

    def _search(self, request: PrivacyRequest, identifiers: list[str]) -> dict[str, Any]:
        """By what is given, which must be the request's, else by its digests."""
        kept = {(one["kind"], one.get("digest")) for one in request.identities}
        if not identifiers and request.completed_at:
            return searching.search_request(request)
        try:
            given = asked(identifiers).identities or request.identities
        except NotOne as error:
            raise CommandError(str(error)) from error
        known = [KnownBy(one["kind"], one["value"]) for one in given]
        for one in known:
            if request.completed_at and (one.kind, one.digest.hex()) not in kept:
                raise CommandError(f"{one.kind}: this request was not about this identifier.")
        return searching.search(known)
