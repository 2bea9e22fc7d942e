"""What this app signs in at the registries of lower apps."""

from config.workspace.work.due import DELIVERY, LEFT, POOLS, WORK
from config.workspace.work.waiting import WAITING
from consent import trail, uses  # noqa: F401 - each signs itself in
from consent.api import subroutes  # noqa: F401
from consent.archives import ageing, making, releasing  # noqa: F401 - each signs itself in
from consent.confirming import answering  # noqa: F401 - signs itself in
from consent.datamap.counting import count_fields
from consent.forwarding.requests import follow
from consent.ledger import carrying, chain, merging  # noqa: F401
from consent.ledger.elapsing import elapse
from consent.letters import sending  # noqa: F401 - signs itself in
from consent.opendsr.delivery import call_due
from consent.pages import card, waiting  # noqa: F401 - each signs itself in
from consent.pages.datamap import webhook_uses  # noqa: F401 - signs itself in
from consent.privacy import own_holdings  # noqa: F401 - each signs itself in
from consent.privacy.callbacks import QUEUE
from consent.privacy.due import OLDEST_STARTED, carry_out_due, left
from consent.privacy.erasure import screening  # noqa: F401 - each signs itself in
from consent.privacy.requests import FOLLOWING
from consent.proof.issuing import issue_due
from consent.proof.links import OLDEST_DUE as OLDEST_LINK
from consent.retention import closed_requests, events, people, tables  # noqa: F401 - as above
from consent.retention.running import OLDEST_DUE as OLDEST_RETENTION
from consent.retention.running import carry_out_retention
from consent.signals import collecting, gpc, honouring  # noqa: F401 - each signs itself in

FOLLOWING.register("webhooks")(follow)
WORK.register("consents", order=20)(elapse)
WORK.register("privacy", order=95)(carry_out_due)
WORK.register("identity_links", order=94)(issue_due)
WORK.register("data_map", order=98)(count_fields)
WORK.register("retention", order=96)(carry_out_retention)
WORK.register("opendsr", order=97)(call_due)
POOLS.register("opendsr")(DELIVERY)
LEFT.register("privacy", order=95)(left)
WAITING.register("privacy")(OLDEST_STARTED)
WAITING.register("identity_links")(OLDEST_LINK)
WAITING.register("opendsr")(QUEUE.oldest_due)
WAITING.register("data_map")("SELECT NULL::timestamptz")
WAITING.register("retention")(OLDEST_RETENTION)
