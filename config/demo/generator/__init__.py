"""The demo shop's data: a year of Cairnway Outdoor, made up and the same for the same seed.

`generate` yields the messages, `permissions` what people allowed, `background` light traffic of the
last minute, `past_of_maya` her calls alone; an `Observer` that looked on knows the `Truths`.
`content` has segments and campaigns.
"""

from config.demo.generator.calls.scribe import DemoCall
from config.demo.generator.permissions import DemoStatement, permissions
from config.demo.generator.stream import background, generate, past_of_maya, year_before
from config.demo.generator.truths import Observer, Truths
from config.demo.generator.world.sources import SOURCES

__all__ = [
    "SOURCES",
    "DemoCall",
    "Observer",
    "DemoStatement",
    "Truths",
    "background",
    "generate",
    "past_of_maya",
    "permissions",
    "year_before",
]
