"""Renders and builds a second of a typical marketing mail. Prints; asserts nothing.

.venv/bin/python -m tests.campaigns.content.measure [seconds]
"""

import sys
import time
from collections.abc import Callable

from campaigns.content.message import build_email
from campaigns.content.render import Compiled, MessageUrls, compile_content, render

PEOPLE = [
    {
        "first_name": f"Zoë {number}",
        "city": "Genève",
        "points": 120 + number,
        "tier": "gold",
        "last_order": {"number": f"R-{number}", "product": "Trail shoes"},
        "postal_address": "Rapport, Main Street 1, Bern",
    }
    for number in range(997)
]
SECTION = """
<mj-section background-color="#ffffff"><mj-column>
<mj-image src="https://shop.example/i/{n}.png" alt="Offer {n}" href="https://shop.example/p/{n}" />
<mj-text font-size="16px" line-height="24px">Offer {n}: shoes that carry you over every ridge,
light and dry, and back in time for supper.</mj-text>
<mj-button href="https://shop.example/p/{n}?from=button">See offer {n}</mj-button>
</mj-column></mj-section>"""
HEAD = """<mjml><mj-head><mj-preview>Fresh for {{ first_name }}</mj-preview></mj-head><mj-body>
<mj-section><mj-column><mj-text>Hi {{ first_name | default: "there" }} in {{ city }}, you have
{{ points }} points{% if tier == "gold" %} and free shipping{% endif %}. Your order
{{ last_order.number }} ({{ last_order.product }}) is on its way.</mj-text>
<mj-button href="https://shop.example/orders/{{ last_order.number }}">Follow it</mj-button>
</mj-column></mj-section>"""


SUBJECT = "{{ first_name }}, six new offers"


def source() -> str:
    """The MJML of a typical mail."""
    return HEAD + "".join(SECTION.format(n=n) for n in range(6)) + "</mj-body></mjml>"


def typical() -> Compiled:
    """About 20 KB of HTML, 13 links, 6 variables."""
    return compile_content(SUBJECT, mjml=source())


def urls(number: int) -> MessageUrls:
    """The addresses of one message, as cheap as they get: the signing is not measured here."""
    token = f"https://r.example/t/{number:x}"
    return MessageUrls(
        unsubscribe=f"https://r.example/u/{number:x}/",
        preferences=f"https://r.example/preferences/{number:x}/",
        view=f"{token}/view",
        open_pixel=f"{token}/o.gif",
        click=f"{token}/",
        campaign="spring",
    )


def rate(step: Callable[[int], object], seconds: float) -> float:
    """Calls a second."""
    step(0)
    count, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        step(count)
        count += 1
    return count / elapsed


def main(seconds: float) -> None:
    """Measure and print."""
    compiled = typical()
    size = len(compiled.html) / 1000
    print(f"{size:.1f} KB template, {len(compiled.links)} links, {compiled.variables}")

    def one(number: int, measuring: bool = True) -> object:
        person = PEOPLE[number % len(PEOPLE)]
        return render(compiled, data=person, urls=urls(number), measuring=measuring)

    ready = render(compiled, data=PEOPLE[0], urls=urls(1), measuring=True)

    def build(number: int) -> bytes:
        return build_email(
            ready,
            sender_name="Rapport Shop",
            sender_address="hello@shop.example",
            to_name="Zoë",
            to_address="zoe@example.com",
            message_id=f"<{number}@shop.example>",
            list_unsubscribe_url=f"https://r.example/u/{number}/",
            feedback_id="spring:1:marketing:rapport",
        )

    print(f"renders/s, measured      {rate(one, seconds):8.0f}")
    print(f"renders/s, not measured  {rate(lambda n: one(n, False), seconds):8.0f}")
    print(f"builds/s ({len(build(1)) / 1000:.1f} KB)       {rate(build, seconds):8.0f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
