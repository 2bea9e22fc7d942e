"""What Cairnway Outdoor sells: some eighty things of our own invention, and their seasons."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from config.demo.generator.world.randomness import cumulative, draw

BRAND = "Cairnway"
USD_FOR_EUR = 1.1
WELL_REVIEWED = 4.5

# name, price in EUR, mean rating, number of reviews
_TEXT = """
tents: Larkmoor 2 Tent, 289, 4.7, 212 | Larkmoor 3 Tent, 349, 4.6, 148
tents: Fell Hollow Solo Tent, 219, 4.2, 87
tents: Saltgrass Family Tent, 529, 4.4, 95 | Highbield Tunnel Tent, 619, 4.8, 61
tents: Dewline Trekker Tent, 399, 4.3, 133
tents: Brackenlight 1 Tent, 259, 4.6, 74 | Stillwater Tarp Tent, 149, 3.9, 58
tents: Northing Dome Tent, 479, 4.5, 39
tents: Sundew Beach Shelter, 69, 4.0, 166
boots: Scree Mid Boots, 159, 4.6, 301 | Scree Low Boots, 139, 4.3, 198
boots: Ridgefoot GT Boots, 219, 4.8, 176
boots: Peatland Wellies, 79, 4.1, 120 | Old Drover Leather Boots, 249, 4.7, 143
boots: Cinder Trail Boots, 129, 4.2, 221
boots: Marram Approach Boots, 145, 4.4, 77 | Frostfern Winter Boots, 189, 4.6, 92
boots: Pebble Kids Boots, 69, 4.5, 64
boots: Summitward Alpine Boots, 329, 4.4, 35
backpacks: Carrow 22 Daypack, 79, 4.6, 254 | Carrow 30 Daypack, 99, 4.5, 187
backpacks: Longhaul 55 Pack, 199, 4.7, 112
backpacks: Longhaul 65 Pack, 229, 4.4, 98 | Kestrelway 40 Pack, 159, 4.3, 85
backpacks: Tinker Hip Pack, 39, 4.1, 143
backpacks: Ferry Duffel 60, 109, 4.5, 76 | Pathling Kids Pack, 45, 4.6, 51
backpacks: Drystone Roll Pack, 119, 4.0, 44
jackets: Squallproof Shell Jacket, 249, 4.6, 231 | Mizzle Rain Jacket, 129, 4.3, 276
jackets: Emberdown Jacket, 199, 4.8, 188
jackets: Emberdown Vest, 129, 4.5, 97 | Windle Softshell, 119, 4.2, 134
jackets: Hoarfrost Parka, 329, 4.7, 82
jackets: Harrier Insulated Jacket, 179, 4.4, 119 | Dunlin Packable Jacket, 89, 4.1, 205
jackets: Brindle Kids Jacket, 75, 4.5, 66
jackets: Tarnside Pull-on, 99, 4.0, 48
sleeping-bags: Dormouse 5 Bag, 119, 4.4, 163 | Dormouse 0 Bag, 159, 4.6, 128
sleeping-bags: Hibernal -10 Down Bag, 329, 4.8, 59
sleeping-bags: Quillow Quilt, 189, 4.3, 47 | Cotgrass Liner, 29, 4.2, 171
sleeping-bags: Twosome Double Bag, 179, 4.1, 38
sleeping-bags: Leveret Kids Bag, 59, 4.6, 73 | Meadow Summer Bag, 69, 4.0, 105
stoves: Kindle Gas Stove, 49, 4.5, 243 | Kindle Duo Stove, 89, 4.3, 91
stoves: Galeproof Stove System, 139, 4.7, 116
stoves: Twigling Wood Stove, 65, 4.1, 57 | Embercup Pot Set, 45, 4.4, 138
stoves: Storm Kettle 1 L, 55, 4.6, 82
stoves: Fuel Canister 230 g, 7, 4.5, 319
layers: Wether Merino Tee, 65, 4.6, 209 | Wether Merino Long Sleeve, 79, 4.5, 167
layers: Lanolin Leggings, 75, 4.4, 101
layers: Burrow Fleece, 69, 4.3, 224 | Burrow Fleece Hood, 85, 4.5, 118
layers: Knoll Trekking Trousers, 99, 4.2, 186
layers: Trig Socks 2-pack, 25, 4.7, 402 | Cairn Beanie, 22, 4.4, 149
poles: Stilt Trekking Poles, 59, 4.4, 155 | Stilt Carbon Poles, 119, 4.6, 88
poles: Heron Folding Poles, 99, 4.2, 63
poles: Snow Basket Pair, 9, 4.0, 29 | Rubber Tip Set, 7, 4.3, 57
bottles: Springhead Bottle 1 L, 25, 4.6, 288 | Springhead Insulated 0.7 L, 35, 4.7, 251
bottles: Rillpure Filter, 49, 4.4, 133
bottles: Flask & Two Cups, 39, 4.5, 97 | Sipwell Bladder 2 L, 32, 3.9, 110
bottles: Trailmug Enamel, 12, 4.6, 174
lamps: Glowmoth Headlamp, 39, 4.6, 267 | Glowmoth Pro Headlamp, 69, 4.7, 122
lamps: Lanternfly Camp Light, 35, 4.4, 141
lamps: Tallow Mini Lantern, 19, 4.2, 103 | Beacon Bike Light, 29, 4.0, 68
lamps: Firefly String Lights, 24, 4.5, 89
"""

# how much of its yearly sales a category makes, and its factor for each month, January first
SEASONS: dict[str, tuple[float, tuple[float, ...]]] = {
    "tents": (19, (0.3, 0.4, 0.9, 1.6, 2.0, 1.9, 1.5, 1.0, 0.5, 0.3, 0.3, 0.4)),
    "boots": (14, (0.9, 0.8, 1.0, 1.1, 1.0, 0.9, 0.9, 1.0, 1.2, 1.3, 1.1, 1.0)),
    "backpacks": (13, (0.7, 0.8, 1.0, 1.2, 1.3, 1.3, 1.2, 1.1, 0.9, 0.8, 0.8, 0.9)),
    "jackets": (15, (1.5, 1.2, 1.0, 0.8, 0.6, 0.5, 0.5, 0.7, 1.1, 1.5, 1.8, 1.8)),
    "sleeping-bags": (9, (0.6, 0.6, 0.9, 1.2, 1.5, 1.5, 1.3, 1.0, 0.8, 0.7, 0.8, 0.9)),
    "stoves": (8, (1.4, 1.2, 0.9, 0.8, 0.8, 0.8, 0.7, 0.7, 0.9, 1.2, 1.6, 1.7)),
    "layers": (11, (1.3, 1.1, 1.0, 0.8, 0.7, 0.7, 0.7, 0.8, 1.0, 1.3, 1.5, 1.5)),
    "poles": (5, (0.9, 0.9, 1.0, 1.1, 1.2, 1.1, 1.0, 1.0, 1.0, 0.9, 0.9, 1.0)),
    "bottles": (6, (0.7, 0.7, 0.9, 1.0, 1.3, 1.5, 1.4, 1.2, 0.9, 0.7, 0.8, 1.1)),
    "lamps": (6, (1.3, 1.1, 0.9, 0.7, 0.6, 0.6, 0.7, 0.9, 1.1, 1.4, 1.5, 1.6)),
}
CATEGORIES = tuple(SEASONS)
GOES_WITH = (
    "layers",
    "bottles",
    "lamps",
    "stoves",
    "poles",
)  # the small things beside the main one


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on the shelf. `euros` is its price, tax included; `rating` is from 1 to 5."""

    product_id: str
    name: str
    category: str
    euros: int
    rating: float
    reviews: int

    def price(self, currency: str) -> float:
        """The price in `currency`, EUR or USD."""
        return float(self.euros) if currency == "EUR" else round(self.euros * USD_FOR_EUR) - 0.05

    @property
    def path(self) -> str:
        """Where the shop shows it."""
        return f"/{self.category}/{self.product_id.lower()}"

    def properties(self, currency: str) -> dict[str, Any]:
        """What a Segment product event says of it."""
        return {
            "product_id": self.product_id,
            "name": self.name,
            "category": self.category,
            "brand": BRAND,
            "price": self.price(currency),
            "currency": currency,
            "rating": self.rating,
            "reviews": self.reviews,
        }


def _read() -> tuple[Product, ...]:
    products: list[Product] = []
    for line in _TEXT.strip().splitlines():
        category, _, rest = line.partition(": ")
        for cell in rest.split(" | "):
            name, euros, rating, reviews = cell.rsplit(", ", 3)
            number = len(products) + 1
            product_id = f"CW-{category[:3].upper()}-{number:03}"
            products.append(
                Product(product_id, name, category, int(euros), float(rating), int(reviews))
            )
    return tuple(products)


PRODUCTS = _read()
BY_CATEGORY = {c: tuple(p for p in PRODUCTS if p.category == c) for c in CATEGORIES}
BY_ID = {p.product_id: p for p in PRODUCTS}
# shared between messages: never change one of these
VIEWED = {(p.product_id, c): p.properties(c) for p in PRODUCTS for c in ("EUR", "USD")}
SEARCHES = {
    "tents": ("2 person tent", "tunnel tent", "tent waterproof", "tenda"),
    "boots": ("hiking boots", "wandelschoenen", "waterproof boots", "sepatu gunung"),
    "backpacks": ("daypack", "rucksack 55", "rugzak", "backpack kids"),
    "jackets": ("rain jacket", "regenjas", "down jacket", "winterjacke"),
    "sleeping-bags": ("slaapzak", "sleeping bag -10", "schlafsack", "quilt"),
    "stoves": ("gas stove", "kompor", "pot set", "gaskocher"),
    "layers": ("merino", "fleece", "wool socks", "trousers"),
    "poles": ("trekking poles", "wandelstokken", "carbon poles", "tips"),
    "bottles": ("water filter", "thermos", "bottle 1l", "waterfles"),
    "lamps": ("headlamp", "hoofdlamp", "lantern", "usb light"),
}

_BY_MONTH = tuple(
    cumulative([share * months[number] for share, months in SEASONS.values()])
    for number in range(12)
)
# people buy what others praise: the well reviewed sell 2.2 times as often as they are looked at
_BUYING = {
    category: cumulative([2.2 if p.rating >= WELL_REVIEWED else 1.0 for p in products])
    for category, products in BY_CATEGORY.items()
}


def season_category(rng: Random, month: int) -> str:
    """A category, as the `month` (January 0) sells them."""
    return CATEGORIES[draw(rng, _BY_MONTH[month])]


def looked_at(rng: Random, category: str) -> Product:
    """A product of `category` that somebody opens: all alike."""
    products = BY_CATEGORY[category]
    return products[int(rng.random() * len(products))]


def bought(rng: Random, category: str) -> Product:
    """A product of `category` that somebody buys: the well reviewed ones sooner."""
    return BY_CATEGORY[category][draw(rng, _BUYING[category])]
