"""Maya Santoso, the heroine of the first five minutes: store and app are one, her laptop not yet.

She bought a tent in the store in Bandung, took the card home, signed up in the app with it, and
has been looking at boots on a laptop that never told her name. Signing up in the demo shop with
`LAPTOP_ID` as the browser's anonymous id and `USER_ID` as the user id joins the two.
"""

from __future__ import annotations

from config.demo.generator.people.devices import BROWSERS, NEVER, Device
from config.demo.generator.people.person import DemoPerson
from config.demo.generator.people.visits import Visit
from config.demo.generator.world.clock import DAY, HOUR
from config.demo.generator.world.names import PersonName
from config.demo.generator.world.places import CITIES
from config.demo.generator.world.run import World

NUMBER, LAPTOP_NUMBER = 0, 1
USER_ID = "cw-100000"
NAME = "Maya Santoso"
EMAIL = "maya.santoso@example.com"
PHONE = "+6281234567890"
PHONE_ID = "5a0c6f1e-3d52-4c8e-9b1a-6d61e0a50001"  # the app on her phone
LAPTOP_ID = "5a0c6f1e-3d52-4c8e-9b1a-6d61e0a50002"  # the laptop's browser, still a stranger
TENT, DAYPACK, BAG, BOOTS = "CW-TEN-001", "CW-BAC-021", "CW-SLE-040", "CW-BOO-011"
Deed = tuple[int, str, int, str | None]  # day, kind of visit, device, product
SIGNED_UP = 45 * DAY  # after the start of the year
EVENING = 13 * HOUR  # 20:00 in Bandung


def dress(world: World, person: DemoPerson) -> None:
    """Make `person`, number 0 or 1, Maya or her laptop."""
    person.city = next(city for city in CITIES if city.name == "Bandung")
    person.orders = person.visits = 0.0
    if person.number == LAPTOP_NUMBER:
        person.joined = _evening(world, 356)
        person.devices = (Device(LAPTOP_ID, "web", person.joined, NEVER, BROWSERS[1]),)
        return
    person.joined = world.start + SIGNED_UP
    person.existing, person.active_until = False, NEVER
    person.name = PersonName("Maya", "Santoso", "maya.santoso")
    person.email = person.written_email = EMAIL
    person.phone, person.written_phone = PHONE, "0812 3456 7890"
    person.mail_choice, person.birthday, person.shoe_size = "granted", "1993-04-17", 38.5
    person.taste, person.club = "tents", "club-bandung-hikers"
    first_used = person.joined - 3 * DAY
    person.devices = (
        Device(PHONE_ID, "app", first_used, person.joined, "Pixel 8", "tok-maya-phone"),
    )


def _evening(world: World, day: int) -> int:
    """Some evening in Bandung, `day` days after the start."""
    return (world.start // DAY + day) * DAY + EVENING


def story(world: World, number: int) -> list[Visit]:
    """Everything that Maya (0) or her laptop (1) does, by the day of the year."""
    if number == LAPTOP_NUMBER:
        plan: list[Deed] = [
            (356, "browse", 0, BOOTS),
            (361, "browse", 0, BOOTS),
            (364, "browse", 0, BOOTS),
        ]
    else:
        plan = [
            (30, "card", -1, TENT),
            (43, "browse", 0, None),
            (120, "order", 0, DAYPACK),
            (203, "till", -1, BAG),
            (290, "cart", 0, DAYPACK),
            (344, "store", -1, None),
            (362, "browse", 0, BOOTS),
        ]
    visits = [
        Visit(_evening(world, day) - 7 * HOUR * (device < 0), number, key + 2, kind, device, wish)
        for key, (day, kind, device, wish) in enumerate(plan)
    ]
    if number == NUMBER:
        joined = world.start + SIGNED_UP
        visits.append(Visit(joined, number, 0, "signup", 0, None))
        visits.append(Visit(joined + 9 * DAY, number, 1, "club", -1, None))
    return visits
