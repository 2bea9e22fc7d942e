"""Values that forms, tills and exports hold where nothing was given: they are nobody's.

A number is looked at in each of its spellings, since 0000000000 is +31000000000 once a country is
known. A placeholder that is missed joins strangers; a real one that is taken for a placeholder
stays a trait and identifies nobody: so when in doubt it is one.
"""

import re
from functools import lru_cache

import phonenumbers

UPWARDS, DOWNWARDS = "012345678901", "09876543210"
SHORTEST = 6  # digits of a number; of fewer, a sequence is chance
PAIRS = re.compile(r"(\d\d)\1{3,}")  # 12121212
# 0611111111: whatever comes before says only that it is a mobile phone
LONG_RUN = re.compile(r"\d{0,3}(\d)\1{7,}")

# before the @, whatever the domain
NO_MAIL = frozenset(
    {
        *("noemail", "no-email", "no.email", "no_email", "nomail", "no-mail", "no.mail", "no_mail"),
        *("noreply", "no-reply", "no.reply", "no_reply", "donotreply", "do-not-reply"),
        *("none", "null", "nil", "undefined", "unknown", "anonymous", "invalid", "noaddress"),
        *("notprovided", "not-provided", "not.provided", "not_provided"),
    }
)
# on both sides of the @: test@test.com, asdf@test.nl
FILLERS = frozenset(
    {
        *("test", "tests", "testing", "tester", "none", "no", "na", "null", "abc", "abcd", "xyz"),
        *("asd", "asdf", "qwe", "qwerty", "email", "mail", "user", "fake", "foo", "bar", "dummy"),
        *("sample", "nobody", "anonymous", "unknown", "invalid", "nomail", "noemail", "123"),
    }
)


def is_placeholder_email(value: str) -> bool:
    """Whether this normalised address is one that people type to get past a form.

    A role (info@, sales@) is somebody's; an address on example.com may stand for a real one.
    """
    local, _, domain = value.partition("@")
    if local in NO_MAIL:
        return True
    label = domain.partition(".")[0]
    if local in FILLERS and label in FILLERS:
        return True
    return len({*local, *label}) == 1  # a@a.a, xx@xxx.com


def is_placeholder_phone(spellings: frozenset[str]) -> bool:
    """Whether a number is one digit again and again, or counts up or down, in any spelling."""
    return any(map(_is_pattern, spellings))


def _is_pattern(spelling: str) -> bool:
    # what is only digits; an E.164 with its + has its digits beside it
    if not spelling.isdecimal():
        return False
    bare = spelling.lstrip("0")
    if len({*bare}) <= 1:
        return True
    if len(spelling) >= SHORTEST and (spelling in UPWARDS or spelling in DOWNWARDS):
        return True
    return bool(PAIRS.fullmatch(spelling) or LONG_RUN.fullmatch(spelling))


@lru_cache(maxsize=65536)
def phone_spellings(value: str, raw: str = "") -> frozenset[str]:
    """A number in E.164 and as given, as each is written: all digits, at home, and abroad."""
    found = {value, raw.strip().lower(), phonenumbers.normalize_digits_only(raw)}
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return frozenset(found - {""})
    at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    found |= {
        value[1:],
        f"00{value[1:]}",
        phonenumbers.national_significant_number(number),
        phonenumbers.normalize_digits_only(at_home),
    }
    return frozenset(found - {""})
