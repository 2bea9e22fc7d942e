"""What a client may send that is no attack on the protocol, only on whoever shows it."""

import json
from typing import Any

DEEP: Any = "bottom"
for _n in range(60):  # the edge takes 64 levels
    DEEP = {"d": [DEEP]} if _n % 2 else DEEP
TEXTS = {
    "bidi": "\u202eevil\u202c \u2066x\u2069",
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467 " * 50,
    "control": "".join(chr(n) for n in range(1, 32)) + "\x7f\x85\u2028\ufeff",
    "long": "x" * 25_000,
    "markup": "<script>alert(1)</script>{{ x }}{% y %}",
    "combining": "e" + "\u0301" * 500,
}
NUMBERS = {
    "huge": "1e308",
    "most": "1.7976931348623157e308",
    "less": "-1e308",
    "beyond": "9e307",
    "tiny": "5e-324",
    "zero": "-0.0",
    "digits": "9" * 299,
    "point": "0." + "3" * 250,
    "exp_text": '"1e308"',
    "nan_text": '"nan"',
    "inf_text": '"-Infinity"',
    "exp_long": '"1e100000"',
    "digits_text": f'"{"9" * 5000}"',
    "arabic": '"\u0663\u0664"',
    "square": '"\u00b2"',
    "list": "[1e308, 1e308]",
    "object": '{"amount": 1e308}',
    "truth": "true",
    "nothing": "null",
}
DATES = [
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00",
    "9999-12-31",
    "0000-00-00",
    "0001-01-01 BC",
    "infinity",
    "-infinity",
    "2026-02-30",
    "2026-11-20T25:61:61Z",
    "2026-11-20T10:00:00+24:00",
    "99999-01-01",
    "1e9",
    "12345678901234567890",
]


def calls(user: str = "poison") -> list[str]:
    """Messages as JSON texts: numbers stand as they were written."""
    found = []
    for name, number in NUMBERS.items():
        product = f'{{"product_id": "p", "price": {number}, "quantity": {number}, "name": "x"}}'
        properties = (
            f'{{"revenue": {number}, "total": {number}, "value": {number}, "quantity": {number},'
            f' "order_id": "o-{name}", "currency": "EUR", "products": [{product}]}}'
        )
        for event in ("Order Completed", "Order Refunded", "Product Viewed"):
            found.append(
                f'{{"type": "track", "messageId": "{event[:9]}-{name}", "userId": "{user}",'
                f' "event": "{event}", "properties": {properties}}}'
            )
    for n, day in enumerate(DATES):
        traits = {"birthday": day, "created_at": day, "plan": day}
        found.append(_call("identify", f"birthday-{n}", user, traits=traits))
        found.append(_call("track", f"day-{n}", user, event="Booked", properties={"at": day}))
        found.append(_call("track", f"time-{n}", user, event="Timed", timestamp=day))
    for name, text in TEXTS.items():
        traits = {"name": text, "first_name": text, "title": text, text[:200]: text[:100]}
        found.append(_call("identify", f"text-{name}", user, traits=traits))
        properties = {"name": text, "title": text, "path": text, "url": text, "category": text}
        found.append(_call("page", f"page-{name}", user, name=text[:200], properties=properties))
        found.append(
            _call("track", f"event-{name}", user, event=text[:240], properties={"p": text})
        )
    for name, value in (("deep", DEEP), ("many", list(range(5_000)))):
        found.append(_call("identify", name, user, traits={"what": value, "name": value}))
        found.append(
            _call(
                "track",
                f"t-{name}",
                user,
                event="Order Completed",
                properties={"products": value, "revenue": value, "currency": value},
            )
        )
    return found


def _call(kind: str, message_id: str, user: str, **more: Any) -> str:
    return json.dumps({"type": kind, "messageId": message_id, "userId": user, **more})
