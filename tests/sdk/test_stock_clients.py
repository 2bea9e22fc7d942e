"""Unmodified SDKs against a live server: every call is stored, and stored once.

Through a proxy that answers 503 after the commit, 429 with Retry-After, times out or drops the
connection, the clients resend the same message ids.
"""

import importlib
import json
import uuid

import pytest

from tests.profiles.conftest import installation  # noqa: F401 - a fixture
from tests.profiles.installation import KEY
from tests.profiles.proxy import Proxy

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
CALLS = 255  # three batches of 100 + 100 + 55
PLANS = {
    "well": [],
    "ill": ["503", "429", "ok", "drop", "503"],
    "slow": ["timeout", "ok", "timeout"],
}

ANALYTICS_NODE_NEW = """
import { Analytics } from "@segment/analytics-node";
const [host, key, run, calls] = process.argv.slice(-4);
const client = new Analytics({ host, writeKey: key, maxEventsInBatch: 100, flushInterval: 100,
                               maxRetries: 8, httpRequestTimeout: 2000 });
const failures = [];
client.on("error", (error) => failures.push(String(error.code)));
client.identify({ userId: `user-${run}`, traits: { name: "Ada", run } });
for (let n = 0; n < Number(calls); n++)
  client.track({ userId: `user-${run}`, event: "Order Completed", messageId: `${run}-${n}`,
                 properties: { n, revenue: 1.5 }, timestamp: new Date() });
client.page({ userId: `user-${run}`, name: "Home" });
client.group({ userId: `user-${run}`, groupId: "g" });
client.alias({ userId: `user-${run}`, previousId: `anon-${run}` });
await client.closeAndFlush({ timeout: 50000 });
console.log(JSON.stringify(failures));
"""
ANALYTICS_NODE_OLD = """
import { createRequire } from "node:module";
const Analytics = createRequire(process.cwd() + "/package.json")("analytics-node");
const [host, key, run, calls] = process.argv.slice(-4);
const client = new Analytics(key, { host, flushAt: 100, flushInterval: 100, retryCount: 8,
                                    timeout: 2000 });
client.identify({ userId: `user-${run}`, traits: { name: "Ada", run } });
for (let n = 0; n < Number(calls); n++)
  client.track({ userId: `user-${run}`, event: "Order Completed", messageId: `${run}-${n}`,
                 properties: { n, revenue: 1.5 }, timestamp: new Date() });
client.page({ userId: `user-${run}`, name: "Home" });
client.group({ userId: `user-${run}`, groupId: "g" });
client.alias({ userId: `user-${run}`, previousId: `anon-${run}` });
const failures = [];
process.on("unhandledRejection", (error) => failures.push(String(error.message)));
for (let round = 0; round < 4; round++)
  await client.flush().catch((error) => failures.push(String(error.message)));
console.log(JSON.stringify(failures));
"""


def expect_all(installation, run):  # noqa: F811
    """Each call is one event of one person."""
    installation.settle()
    user = f"user-{run}"
    found = installation.rows(
        "SELECT e.type, count(*), count(DISTINCT e.message_id), count(DISTINCT e.profile_id)"
        " FROM event e JOIN identifier i ON i.profile_id = e.profile_id"
        " WHERE i.kind = 'user_id' AND i.value = %s GROUP BY e.type",
        user,
    )
    assert {row[0]: row[1:] for row in found} == {
        "track": (CALLS, CALLS, 1),
        "identify": (1, 1, 1),
        "page": (1, 1, 1),
        "group": (1, 1, 1),
        "alias": (1, 1, 1),
    }
    (state,) = installation.rows(
        "SELECT s.count, s.sum, p.display_name FROM event_state s JOIN profile p"
        " ON p.id = s.profile_id JOIN identifier i ON i.profile_id = p.id"
        " WHERE i.kind = 'user_id' AND i.value = %s AND s.name = 'Order Completed'",
        user,
    )
    assert state == (CALLS, CALLS * 1.5, "Ada")


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("package", ["segment.analytics.client", "analytics.client"])
def test_python(installation, package, plan):  # noqa: F811
    module = importlib.import_module(package)
    run = uuid.uuid4().hex[:10]
    proxy = Proxy(installation.port, PLANS[plan])
    failures = []
    try:
        client = module.Client(
            KEY, host=proxy.url, on_error=lambda error, items: failures.append(error),
            upload_size=100, upload_interval=0.1, max_retries=8, timeout=2, gzip=plan == "ill",
        )  # fmt: skip
        client.identify(f"user-{run}", {"name": "Ada", "run": run})
        for n in range(CALLS):
            client.track(f"user-{run}", "Order Completed", {"n": n, "revenue": 1.5})
        client.page(f"user-{run}", name="Home")
        client.group(f"user-{run}", "g")
        client.alias(f"anon-{run}", f"user-{run}")
        client.flush()
        client.join()
    finally:
        proxy.close()
    assert failures == []
    expect_all(installation, run)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("script", [ANALYTICS_NODE_NEW, ANALYTICS_NODE_OLD], ids=["new", "old"])
def test_node(installation, node, script, plan):  # noqa: F811
    run = uuid.uuid4().hex[:10]
    proxy = Proxy(installation.port, PLANS[plan])
    try:
        output = node.run(script, proxy.url, KEY, run, str(CALLS), timeout=90)
    finally:
        proxy.close()
    failures = json.loads(output.splitlines()[-1])
    # the old client gives a call up that took too long, though it was stored
    assert failures == [] or (script is ANALYTICS_NODE_OLD and plan == "slow")
    expect_all(installation, run)
