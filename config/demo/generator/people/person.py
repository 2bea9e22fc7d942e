"""A customer of the demo, or a device that never told its name: what is drawn of them once."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from config.demo.generator.people.devices import Device
from config.demo.generator.people.roles import Part
from config.demo.generator.world.names import PersonName
from config.demo.generator.world.places import City

MailChoice = Literal["granted", "withdrawn", "denied", "never"]

FOREVER = 10**15
PLANS = ("basecamp", "ridge", "summit")


def user_id(number: int) -> str:
    """The shop's id of customer `number`: `cw-100000` and up."""
    return f"cw-{100_000 + number}"


class Lifecycle(NamedTuple):
    """`orders` and `visits` a year; `weight` is its share of customers."""

    name: str
    weight: float
    orders: float
    visits: float
    plan: int


@dataclass(slots=True)
class DemoPerson:
    """A customer, or (not `known`) a device that never told its name. Times are ms since 1970."""

    number: int
    role: Part
    joined: int
    existing: bool
    city: City
    name: PersonName
    email: str | None
    phone: str | None
    written_email: str | None
    written_phone: str | None
    lifecycle: Lifecycle
    active_until: int
    orders: float
    visits: float
    channels: tuple[float, ...]
    taste: str
    mail_choice: MailChoice
    shoe_size: float
    birthday: str | None
    club: str | None
    devices: tuple[Device, ...]
    has_card: bool = False  # bought in a store before there was an account

    @property
    def known(self) -> bool:
        """Whether this is a customer with an account."""
        return self.role.known

    @property
    def user_id(self) -> str:
        """The shop's own number of a customer."""
        return user_id(self.number)

    @property
    def card(self) -> str:
        """The number on the loyalty card, handed out in a store."""
        return f"62{self.number * 7919 % 10**8:08}"

    @property
    def plan(self) -> str:
        """The loyalty tier that the person reaches."""
        return PLANS[self.lifecycle.plan]
