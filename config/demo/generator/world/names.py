"""Names as they come: many alphabets, one word or five or none; and the mail to go with them."""

# ruff: noqa: PLR2004 - chances are said where they are used

from __future__ import annotations

from dataclasses import dataclass
from random import Random

# native spelling, with the Latin one after an equals sign where mail needs it
_FIRST = {
    "NL": "Jan Sanne Daan Lotte Bram Fleur Thijs Femke Joost Maartje Ruben Noor Sjoerd Zoë=zoe",
    "DE": "Lukas Hannah Jonas Lena Jürgen=juergen Käthe=kaethe Felix Mia Björn=bjoern Greta Uwe",
    "ID": "Budi Siti Agus Dewi Rizki Putri Wayan Ayu Bayu Ratna Eko Indah Fajar Kartika Made Sri",
    "GB": "Oliver Amelia Harry Isla Callum Freya Rhys Eilidh Aisha Siân=sian George Ruby",
    "US": "Ethan Ava Mason Harper Luis Camila Tyrone Jasmine Noah José=jose Emily Dakota",
    "SG": "Wei=wei Priya Hui=hui Arjun Mei=mei Farah Jun=jun Kavitha Ming=ming Nurul",
    "PL": "Łukasz=lukasz Zofia Michał=michal Agnieszka Paweł=pawel Małgorzata=malgorzata Jakub Ola",
    "FR": "Chloé=chloe Hugo Léa=lea Théo=theo Inès=ines Gaël=gael Margaux Benoît=benoit",
    "AE": "محمد=mohammed فاطمة=fatima عمر=omar ليلى=layla مريم=maryam يوسف=yusuf نور=noor",
    "CN": "伟=wei 芳=fang 娜=na 秀英=xiuying 磊=lei 静=jing 洋=yang 敏=min",
}
_LAST = {
    "NL": "de Vries=devries|Jansen|van den Berg=vandenberg|Bakker|Visser|van 't Hof=vanthof|Smit",
    "DE": "Müller=mueller|Schmidt|Weiß=weiss|von der Heide=vonderheide|Schäfer=schaefer|Vogel",
    "ID": "Santosa|Wijaya|Pratama|Lestari|Hidayat|Nugroho|Siregar|Kusuma|Simanjuntak|Halim",
    "GB": "Smith|O'Connor=oconnor|Taylor|MacLeod=macleod|Khan|Hughes|Ashworth-Lee=ashworthlee",
    "US": "Johnson|García=garcia|Nguyen|Washington|Miller|Rivera|Yazzie|O'Brien=obrien",
    "SG": "Tan|Lim|Nair|Ng|bin Rahman=binrahman|Kumar|Wong|Chua",
    "PL": "Kowalska|Nowak|Wiśniewski=wisniewski|Wójcik=wojcik|Żak=zak|Lewandowska",
    "FR": "Lefèvre=lefevre|Moreau|d'Aubigné=daubigne|Petit|Nguyen|Garçon=garcon",
    "AE": "الهاشمي=alhashimi|المنصوري=almansoori|الفارسي=alfarsi|حداد=haddad|الشامسي=alshamsi",
    "CN": "王=wang|李=li|张=zhang|刘=liu|陈=chen|欧阳=ouyang",
}
DOMAINS = ("example.com", "example.org", "example.net", "post.example", "mail.example")
LONGEST = (
    "Maria-Magdalena Philippine Auguste Wilhelmina",
    "van Wassenaer van Rosande tot Nederhorst den Berg en Oud-Wulven",
)
LOCAL_NAMES = 0.88  # share of people whose name comes from the country where they live


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name as its owner writes it (parts may be missing); `local_part` is for the mail."""

    first: str | None
    last: str | None
    local_part: str


def _pairs(text: str, mark: str) -> tuple[tuple[str, str], ...]:
    pairs = [cell.partition("=") for cell in text.split(mark)]
    return tuple((native, latin or native.lower()) for native, _, latin in pairs)


FIRST = {country: _pairs(text, " ") for country, text in _FIRST.items()}
LAST = {country: _pairs(text, "|") for country, text in _LAST.items()}
_COUNTRIES = tuple(FIRST)


def make_name(rng: Random, country: str, number: int) -> PersonName:
    """A name for somebody who lives in `country`; `number` keeps the mail address unique."""
    pool = (
        country if rng.random() < LOCAL_NAMES else _COUNTRIES[int(rng.random() * len(_COUNTRIES))]
    )
    first, first_latin = FIRST[pool][int(rng.random() * len(FIRST[pool]))]
    last, last_latin = LAST[pool][int(rng.random() * len(LAST[pool]))]
    local_part = f"{first_latin}.{last_latin}{number}"
    chance = rng.random()
    if chance < 0.03:  # three in a hundred never said
        return PersonName(None, None, f"{first_latin}{number}")
    if chance < 0.07 or (pool == "ID" and chance < 0.2):  # one name is a whole name
        return PersonName(first, None, local_part)
    if chance > 0.998:
        return PersonName(LONGEST[0], LONGEST[1], f"mm.vanwassenaer{number}")
    return PersonName(first, last, local_part)
