"""The rows that a batch's messages become: events, their items, and what they add up to."""

from collections.abc import Iterator, Sequence
from typing import Any

from config.postgres import wire
from config.postgres.wire import copy, json_text, moment, number, optional, text, time
from profiles.calls import limits
from profiles.calls.messages import Incoming
from profiles.identifiers.normalise import text_of
from profiles.traits.definitions import Catalog

EVENT_COLUMNS = (
    "profile_id, id, message_id, type, name, occurred_at, original_at, received_at, source_id,"
    " identifier_id, anonymous_identifier_id, value, k1, k2, properties, context"
)
ITEM_COLUMNS = (
    "profile_id, occurred_at, event_id, name, product_id, product_name, category, quantity, price"
)
UPSERT_STATE = """
    INSERT INTO event_state (profile_id, name, count, sum, first_at, last_at)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::float8[], %s::timestamptz[],
                         %s::timestamptz[])
    ON CONFLICT (profile_id, name) DO UPDATE SET
        count = event_state.count + EXCLUDED.count, sum = event_state.sum + EXCLUDED.sum,
        first_at = least(event_state.first_at, EXCLUDED.first_at),
        last_at = greatest(event_state.last_at, EXCLUDED.last_at)
"""


def write(cursor: Any, messages: Sequence[Incoming], catalog: Catalog) -> None:
    """COPY events and items, add to the states. At most three statements."""
    copy(cursor, "event", EVENT_COLUMNS, [_line(message, catalog) for message in messages])
    copy(
        cursor,
        "event_item",
        ITEM_COLUMNS,
        (line for one in messages for line in _items(one, catalog)),
    )
    _write_states(cursor, messages, catalog)


def _line(message: Incoming, catalog: Catalog) -> str:
    catalog.note(message)
    message.value = catalog.value_of(message)
    k1, k2 = catalog.slots_of(message)
    anonymous = message.anonymous_identifier_id
    return "\t".join(
        (
            str(message.profile_id),
            str(message.event_id),
            text(message.message_id),
            message.type,
            text(message.name),
            moment(message.occurred_at),
            time(message.original_at),
            moment(message.received_at),
            str(message.source.id),
            str(message.identifier_id),
            "\\N" if anonymous is None else str(anonymous),
            number(message.value),
            optional(k1),
            optional(k2),
            json_text(message.properties_raw),
            json_text(message.context_raw),
        )
    )


def _items(message: Incoming, catalog: Catalog) -> Iterator[str]:
    products = message.properties.get("products")
    if message.type != "track" or not isinstance(products, list):
        return
    for product in products:
        if not isinstance(product, dict):
            continue
        given = (product.get(name) for name in ("product_id", "productId", "id", "sku"))
        product_id = next((found for value in given if (found := text_of(value))), "")
        quantity = catalog.item_number(message, product, "quantity")
        price = catalog.item_number(message, product, "price")
        yield "\t".join(
            (
                str(message.profile_id),
                moment(message.occurred_at),
                str(message.event_id),
                text(message.name),
                text(product_id[: limits.MAX_IDENTIFIER]),
                text(text_of(product.get("name"))),
                text(text_of(product.get("category"))[: limits.MAX_SLOT]),
                number(1.0 if quantity is None else quantity),
                number(price),
            )
        )


def _write_states(cursor: Any, messages: Sequence[Incoming], catalog: Catalog) -> None:
    sums: dict[tuple[int, str], list[Any]] = {}
    for message in messages:
        if not catalog.of(message.name).is_conversion:
            continue
        value, at = message.value or 0.0, message.occurred_at
        row = sums.setdefault((message.profile_id, message.name), [0, 0.0, at, at])
        row[0] += 1
        row[1] += value
        row[2], row[3] = min(row[2], at), max(row[3], at)
    if sums:
        rows = sorted((*key, *row) for key, row in sums.items())
        ids, names, counts, totals, firsts, lasts = zip(*rows, strict=True)
        given = [wire.numbers(ids), wire.texts(names), wire.numbers(counts)]
        given += [wire.numbers(totals), wire.times(firsts), wire.times(lasts)]
        cursor.execute(UPSERT_STATE, given)
