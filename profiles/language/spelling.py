"""Comparing texts by what they mean instead of how they are spelt (profiles.identifiers.comparing).

The value is brought into its normal form here, the column by the database; a phone number, which
the database cannot read, by asking beforehand which of the stored spellings mean the number.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

import idna

from config.postgres.sql import FALSE, OR, Sql, sql
from config.workspace.selectors import workspace
from profiles.identifiers.comparing import EMAIL, PHONE, comparable, spelling_of
from profiles.language.question import Question
from profiles.language.subjects import AnyCase, Spelling, Subject, TextTest, bound_text

# what Python strips of a text, for the database to strip the same
BLANKS = "".join(chr(n) for n in range(0x3001) if chr(n).isspace())
SIGNS = " -().+/"  # that people write between digits
MOST_SPELLINGS = 64  # of a code: five letters and a hyphen
LAST_DIGITS = 7  # of a number: enough to find the few that may be it


class Codes(AnyCase):
    """Countries, currencies, languages: `en_us` is `en-US`."""

    def fold(self, text: Sql) -> Sql:
        """Lower case with hyphens."""
        return sql("replace(lower({text}), '_', '-')", text=text)

    def among(self, values: Sequence[str]) -> Sql:
        """Of a short code every spelling is listed: an index and statistics serve that."""
        short = {value: _case_spellings(value) for value in dict.fromkeys(values)}
        tests = []
        if listed := [each for spellings in short.values() for each in spellings]:
            tests.append(
                sql("{text} = ANY({listed}::text[])", text=self.text, listed=sorted(set(listed)))
            )
        if long := [value for value, spellings in short.items() if not spellings]:
            tests.append(super().among(long))
        return tests[0] if len(tests) == 1 else sql("({tests})", tests=OR.joined(tests))


def _case_spellings(code: str) -> list[str]:
    """All of them where they are few and plain; none otherwise."""
    ways = [{sign.lower(), sign.upper()} if sign not in "-_" else {"-", "_"} for sign in code]
    if not code.isascii() or prod(map(len, ways)) > MOST_SPELLINGS:
        return []
    return ["".join(signs) for signs in product(*ways)]


class Emails(AnyCase):
    """Addresses: case, blanks and how an international domain is written say nothing."""

    def fold(self, text: Sql) -> Sql:
        """As `comparable` does it with all but international domains."""
        return sql("lower(btrim({text}, {blanks}))", text=text, blanks=BLANKS)

    def among(self, values: Sequence[str]) -> Sql:
        """Every way to write each value's domain."""
        forms = (form for value in values for form in _domain_forms(comparable(EMAIL, value)))
        return super().among(list(dict.fromkeys(forms)))


def _domain_forms(address: str) -> Iterator[str]:
    yield address
    local, at, domain = address.rpartition("@")
    if not at or (address.isascii() and "xn--" not in domain):
        return
    for write in (_in_ascii, idna.decode):
        try:
            written = write(domain)
        except (idna.IDNAError, UnicodeError):
            continue
        for form in ("NFC", "NFD"):
            yield unicodedata.normalize(form, f"{local}@{written}")


def _in_ascii(domain: str) -> str:
    return idna.encode(domain).decode()


@dataclass(frozen=True)
class Phones(Spelling):
    """Phone numbers, by E.164. `rows` is FROM and WHERE of all that `text` is asked of.

    `region`: where a number without `+` is from, in SQL. `owner`: whose it is, where the numbers
    that identity keeps of the person may say what a national spelling means.
    """

    reads_numbers = True
    context: Question
    text: Sql
    rows: Sql
    region: Sql
    owner: Sql | None = None

    def among(self, values: Sequence[str]) -> Sql:
        """One query finds the spellings in use that may be meant; Python reads them."""
        found = self._spellings(values)
        if not found:
            return FALSE
        return sql(
            "({text}, {region}) IN (SELECT * FROM unnest({texts}::text[], {regions}::text[]))",
            text=self.text,
            region=self.region,
            texts=[text for text, _region in found],
            regions=[region for _text, region in found],
        )

    def _spellings(self, values: Sequence[str]) -> list[tuple[str, str]]:
        home = workspace().country
        wanted = {comparable(PHONE, value, home) for value in values}
        ends = {_digits(form)[-LAST_DIGITS:] for form in (*wanted, *values)}
        query = sql(
            "SELECT DISTINCT {text}, {region} FROM {rows} AND {text} IS NOT NULL"
            " AND (right(translate({text}, {signs}, ''), {n}) = ANY({ends}::text[])"
            # letters, an extension, other digits, or so short that it is all end
            " OR translate({text}, {signs} || '0123456789', '') <> '' OR length({text}) < {n})",
            text=self.text,
            region=self.region,
            rows=self.rows,
            signs=SIGNS,
            n=LAST_DIGITS,
            ends=sorted(ends),
        )
        found = self.context.remembered(query)
        return [
            (text, region) for text, region in found if comparable(PHONE, text, region) in wanted
        ]

    def test(self, ask: TextTest, value: str) -> Sql:
        """Of the digits and the +, as written or as identity keeps the number of this person."""
        signs = "".join(sign for sign in value if sign in "+0123456789")
        if not signs:
            return ask(sql("lower({text})", text=self.text), bound_text(value.strip().lower()))
        bare = sql("translate({text}, {signs}, '')", text=self.text, signs=SIGNS.replace("+", ""))
        tests = [ask(bare, bound_text(signs))]
        if self.owner is not None:
            tests.append(
                sql(
                    "EXISTS (SELECT 1 FROM identifier i WHERE i.profile_id = {owner} AND i.kind ="
                    " 'phone' AND right(i.value, {n}) = right({bare}, {n}) AND {test})",
                    owner=self.owner,
                    n=LAST_DIGITS,
                    bare=bare,
                    test=ask(Sql("i.value"), bound_text(signs)),
                )
            )
        return sql("({tests})", tests=OR.joined(tests))


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign in "0123456789")


@dataclass(frozen=True)
class ValueRows:
    """Where a subject's values lie: all `rows` (FROM and WHERE), and whose they are, if known."""

    rows: Sql
    owner: Sql | None = None

    @property
    def region(self) -> Sql:
        """Where phone numbers without `+` are from: the person's country, else the workspace's."""
        home = bound_text(workspace().country.upper())
        if self.owner is None:
            return home
        return sql(
            "CASE WHEN p.country ~ '^[A-Za-z][A-Za-z]$' THEN upper(p.country) ELSE {home} END",
            home=home,
        )


def spelled(subject: Subject, name: str, context: Question, place: ValueRows) -> Subject:
    """`subject` with what its name says of how its texts compare."""
    kind = spelling_of(name)
    if not kind:
        return subject
    text = subject.text
    if not subject.exact_text:
        types = "('string', 'number')" if kind == PHONE else "('string')"
        text = sql(
            f"CASE WHEN jsonb_typeof({{json}}) IN {types} THEN {{text}} END",
            json=subject.json,
            text=text,
        )
    if kind == PHONE:
        spelling: Spelling = Phones(context, text, place.rows, place.region, place.owner)
    else:
        spelling = (Emails if kind == EMAIL else Codes)(text)
    return replace(subject, spelling=spelling)
