"""Why a message is refused: in English to whoever sent it, in the reader's language on a page.

All sentences of refusals stand here, for those that write them down and for those that show them.
"""

from django.utils.translation import gettext_lazy, gettext_noop

from config.workspace.pages.sentences import Sentences

TOO_LARGE = gettext_noop("the message is over 32 KB")
NO_MESSAGE = gettext_noop("a message is a JSON object")
TOO_DEEP = gettext_noop("the message is nested too deeply")
DEEPER = gettext_noop("nested deeper than %(n)d levels")
UNKNOWN_TYPE = gettext_noop("type is one of %(types)s")
REQUIRED = gettext_noop("%(path)s is required")
EVENT_REQUIRED = gettext_noop("event, the name of what was done, is required")
ID_REQUIRED = gettext_noop("userId or anonymousId is required")
TOO_LONG = gettext_noop("%(path)s is over %(n)d characters")
NO_TIME = gettext_noop("%(path)s is no ISO 8601 time: %(value)s")
NO_OBJECT = gettext_noop("%(path)s is no object")
DIGITS = gettext_noop("a number has too many digits")
RANGE = gettext_noop("a number is out of range")
NUL = gettext_noop("the character U+0000 cannot be kept")
NO_NUMBER = gettext_noop("NaN and Infinity are no JSON")
HALF_PAIR = gettext_noop("half of a surrogate pair is no text")
BODY_TOO_DEEP = gettext_noop("the body is nested too deeply")
BODY_NOT_JSON = gettext_noop("the body is no JSON: %(why)s")
BODY_NOT_UTF8 = gettext_noop("the body is not UTF-8 at byte %(n)d")
BODY_MARKED = gettext_noop("the body begins with a byte order mark")
NO_CALL = gettext_noop("a call is a JSON object")
TOO_MANY = gettext_noop("a batch has at most %(most)d messages, this one %(n)d")
TOO_OLD = gettext_noop("older than %(n)d months; send history through import")
NOBODY = gettext_noop("no identifier that could be somebody's: blocked, blank or malformed")
UNKNOWN_PERSON = gettext_noop("this person is not known")
ERASED_PERSON = gettext_noop("this person was erased")
BLOCKED_PERSON = gettext_noop("this person was erased and is blocked")
FAILED = gettext_noop("could not be processed: %(error)s")
# of files
ROW_NOBODY = gettext_noop(
    "nothing in the row could be somebody's: each is blank, blocked or malformed"
)
ROW_NOT_UTF8 = gettext_noop("the row is not UTF-8 or holds NaN")
LINE_NOT_UTF8 = gettext_noop("the line is not UTF-8")
NO_LINE = gettext_noop("a line is a JSON object")
TWICE = gettext_noop("%(key)s stands twice in one object")
CELLS = gettext_noop("%(n)d cells under %(columns)d columns")
QUOTE_OPEN = gettext_noop("a quote is opened in this line and never closed")
QUOTE_MORE = gettext_noop(
    "after a closing quote comes more; a quote within quotes is written twice"
)
VALUE_ALREADY = gettext_noop("%(name)s: a part of it is a value already")
NOT_OF_KIND = gettext_noop("%(name)s: %(value)s is no %(kind)s")
# what the decoder says of JSON that is none, or of values of another type
DECODER = (
    gettext_noop("Expected `%(wanted)s`, got `%(given)s`"),
    gettext_noop("Expected `%(wanted)s`"),
    gettext_noop("Object missing required field `%(name)s`"),
    gettext_noop("JSON is malformed: %(why)s"),
    gettext_noop("invalid character (byte %(n)d)"),
    gettext_noop("trailing characters (byte %(n)d)"),
    gettext_noop("trailing comma in array (byte %(n)d)"),
    gettext_noop("trailing comma in object (byte %(n)d)"),
    gettext_noop("object keys must be strings (byte %(n)d)"),
    gettext_noop("Input data was truncated"),
    # earlier versions wrote these two
    gettext_noop("the number is out of range"),
    gettext_noop("the number has too many digits"),
)
SENTENCES = Sentences(
    *(TOO_LARGE, NO_MESSAGE, TOO_DEEP, DEEPER, UNKNOWN_TYPE, REQUIRED, EVENT_REQUIRED, ID_REQUIRED),
    *(TOO_LONG, NO_TIME, NO_OBJECT, DIGITS, RANGE, NUL, NO_NUMBER, HALF_PAIR, BODY_TOO_DEEP),
    *(BODY_NOT_JSON, BODY_NOT_UTF8, BODY_MARKED, NO_CALL, TOO_MANY, TOO_OLD, NOBODY),
    *(
        UNKNOWN_PERSON,
        ERASED_PERSON,
        BLOCKED_PERSON,
        FAILED,
        ROW_NOBODY,
        ROW_NOT_UTF8,
        LINE_NOT_UTF8,
        NO_LINE,
        TWICE,
        CELLS,
    ),
    *(QUOTE_OPEN, QUOTE_MORE, VALUE_ALREADY, NOT_OF_KIND),
    *DECODER,
)
# in a word or two, where refusals are summed up
CODES = {
    "byte_order_mark": gettext_lazy("byte order mark"),
    "duplicate_key": gettext_lazy("a key twice"),
    "invalid_envelope": gettext_lazy("wrong batch"),
    "invalid_json": gettext_lazy("no JSON"),
    "invalid_message": gettext_lazy("no call"),
    "invalid_row": gettext_lazy("unreadable row"),
    "invalid_time": gettext_lazy("no time"),
    "invalid_utf8": gettext_lazy("not UTF-8"),
    "no_identifier": gettext_lazy("names nobody"),
    "not_an_object": gettext_lazy("not an object"),
    "not_holdable": gettext_lazy("cannot be kept"),
    "nul_character": gettext_lazy("character U+0000"),
    "number_out_of_range": gettext_lazy("number out of range"),
    "number_too_long": gettext_lazy("too many digits"),
    "processing_failed": gettext_lazy("could not be processed"),
    "required": gettext_lazy("something required is missing"),
    "too_deep": gettext_lazy("nested too deeply"),
    "too_large": gettext_lazy("too large"),
    "too_long": gettext_lazy("too long"),
    "too_many_cells": gettext_lazy("too many cells"),
    "too_many_messages": gettext_lazy("too many messages"),
    "too_old": gettext_lazy("too old"),
    "unknown_person": gettext_lazy("person not known"),
    "erased_person": gettext_lazy("person erased"),
    "blocked_person": gettext_lazy("person erased and blocked"),
    "unknown_type": gettext_lazy("unknown type"),
    "wrong_type": gettext_lazy("wrong type"),
}


def in_words(message: str) -> str:
    """A reason as it was kept, in the reader's language. No query."""
    return SENTENCES.in_words(message)


def code_in_words(code: str) -> str:
    """A reason in a word or two."""
    return str(CODES.get(code, code.replace("_", " ")))
