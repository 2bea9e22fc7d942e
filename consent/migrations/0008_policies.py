"""The law of 2026 and 2027 on marketing, as rows.

Read in November 2026. A row whose law does not ask for what it says everywhere, or that waits for
a parliament, is there and switched off.
"""

from datetime import date
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

M, P = "marketing", "processing"
EPRIVACY = "Directive 2002/58/EC (ePrivacy)"
PECR = "Privacy and Electronic Communications (EC Directive) Regulations 2003"
TCPA = "Telephone Consumer Protection Act, 47 CFR 64.1200"
CASL = "Canada's Anti-Spam Legislation (S.C. 2010, c. 23)"
CCPA = "California Consumer Privacy Act Regulations, 11 CCR"
DPDP = "Digital Personal Data Protection Act, 2023, and Rules, 2025"
OURS = "Our own floor"
LEX = "https://eur-lex.europa.eu/eli/dir/2002/58/oj"
FCC = "FCC, CG Docket No. 02-278, order of 6 January 2026"
CRTC = "https://crtc.gc.ca/eng/com500/guide.htm"
ECFR = "https://www.ecfr.gov/current/title-47/section-64.1200"
EVERY = ["consent", "soft_opt_in", "contract", "legitimate_interest", "legal_obligation"]
DAYTIME = {"from": "08:00", "to": "21:00"}
SHORT_DAY = {"from": "08:00", "to": "20:00"}
SOFT = {"bases": ["consent", "soft_opt_in"], "soft_opt_in_evidence": True}
US_MAIL = ["consent", "soft_opt_in", "contract", "legitimate_interest"]

# slug, name, place, channel, class, purpose, terms, law, source, from, until, is on
Row = tuple[str, str, str, str, str, str, dict[str, Any], str, str, date | None, date | None, bool]
ROWS: list[Row] = [
    ("floor", "Marketing needs consent", "*", "", M, "",
     {"bases": ["consent"], "double_opt_in": False, "open_tracking": "permission",
      "stop_scope": "everything"}, OURS, "", None, None, True),
    ("floor-in-app", "In our own service", "*", "inapp", M, "",
     {"bases": EVERY}, OURS, "Shown to who uses the service; sent to nobody's device.",
     None, None, True),
    ("floor-systems", "To systems of our own", "*", "webhook", M, "",
     {"bases": EVERY}, OURS, "Goes to a system, not to the person.", None, None, True),
    ("floor-measuring", "Measuring rests on consent", "*", "", P, "measuring",
     {"bases": ["consent"]}, OURS, "", None, None, True),
    ("floor-signals", "Opt-outs are honoured and seen", "*", "", "", "",
     {"gpc_honoured": True, "opt_out_confirmed": True, "easy_withdrawal": True,
      "equal_refusal": True, "itemised_notice": False, "automated_decisions": False},
     OURS, "", None, None, True),
    ("soft-opt-in", "Soft opt-in after a sale", "*", "electronic_mail", M, "", SOFT, OURS,
     "Where no row of a country says otherwise; switch it on where its law has it.",
     None, None, False),
    ("unknown", "Nobody knows where", "ZZ", "", M, "",
     {"bases": ["consent"], "double_opt_in": False, "open_tracking": "permission",
      "stop_scope": "everything", "soft_opt_in_evidence": True,
      "expires_months": {"sale": 24, "enquiry": 6}}, OURS, "The strictest of all countries.", None, None, True),
    ("unknown-in-app", "In our own service, nobody knows where", "ZZ", "inapp", M, "",
     {"bases": EVERY}, OURS, "", None, None, True),
    ("unknown-systems", "To systems of our own, nobody knows where", "ZZ", "webhook", M, "",
     {"bases": EVERY}, OURS, "", None, None, True),
    ("unknown-texts", "Texts to who knows where", "ZZ", "sms", M, "",
     {"hours": SHORT_DAY}, OURS, "The strictest of all countries.", None, None, True),
    ("unknown-calls", "Calls to who knows where", "ZZ", "call", M, "",
     {"hours": SHORT_DAY}, OURS, "The strictest of all countries.", None, None, True),
    ("unknown-rights", "Rights of who lives who knows where", "ZZ", "", "", "",
     {"itemised_notice": True, "automated_decisions": True}, OURS,
     "The strictest of all countries.", None, None, True),

    ("eea-marketing", "Electronic mail needs consent", "EEA", "electronic_mail", M, "",
     {"bases": ["consent"]}, f"{EPRIVACY}, article 13(1)", LEX, None, None, True),
    ("eea-soft-opt-in", "Soft opt-in for own similar products", "EEA", "electronic_mail", M, "", SOFT,
     f"{EPRIVACY}, article 13(2)", LEX, None, None, False),
    ("eea-tracking", "Pixels and measured links need consent", "EEA", "", M, "",
     {"open_tracking": "permission"}, f"{EPRIVACY}, article 5(3)",
     "EDPB Guidelines 2/2023 on the technical scope of article 5(3): "
     "https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/", None, None, True),
    ("eea-refusal", "Refusing is as easy as accepting", "EEA", "", "", "",
     {"equal_refusal": True, "easy_withdrawal": True},
     "Regulation (EU) 2016/679, articles 4(11) and 7(3)",
     "EDPB Guidelines 05/2020 on consent", None, None, True),
    ("eea-one-click-refusal", "Refuse by one click", "EEA", "", "", "", {"equal_refusal": True},
     "Digital Omnibus (proposal COM(2025) 837)", "A proposal only: not law yet.",
     None, None, False),
    ("fr-tracking", "Pixels in mails need consent", "FR", "email", M, "",
     {"open_tracking": "permission"},
     "Loi Informatique et Libertés, article 82; CNIL, délibération 2026-042 of 12 March 2026",
     "https://www.cnil.fr/ (published on 14 April 2026; addresses of before: from 14 July 2026)", date(2026, 7, 14), None, True),
    ("fr-calls", "Calls need consent given before", "FR", "call", M, "", {"bases": ["consent"]},
     "Code de la consommation, article L. 223-1 (loi 2025-594 of 30 June 2025)",
     "https://www.legifrance.gouv.fr/", date(2026, 8, 11), None, True),
    ("de-double-opt-in", "Double opt-in as proof", "DE", "email", M, "", {"double_opt_in": True},
     "UWG, section 7(2); BGH, I ZR 164/09 of 10 February 2011",
     "Courts ask for proof of each consent and take double opt-in for it; no law names it.",
     None, None, False),
    ("gb-marketing", "Electronic mail needs consent", "GB", "electronic_mail", M, "", {"bases": ["consent"]},
     f"{PECR}, regulation 22", "https://www.legislation.gov.uk/uksi/2003/2426/regulation/22",
     None, None, True),
    ("gb-soft-opt-in", "Soft opt-in for own similar products", "GB", "electronic_mail", M, "", SOFT,
     f"{PECR}, regulation 22(3)", "https://www.legislation.gov.uk/uksi/2003/2426/regulation/22",
     None, None, False),
    ("gb-tracking", "Pixels need consent", "GB", "", M, "", {"open_tracking": "permission"},
     f"{PECR}, regulation 6", "https://www.legislation.gov.uk/uksi/2003/2426/regulation/6",
     None, None, True),

    ("ca-implied-consent", "Implied consent, and its end", "CA", "electronic_mail", M, "",
     SOFT | {"expires_months": {"sale": 24, "enquiry": 6}},
     f"{CASL}, section 10(9) and (10)", CRTC, None, None, True),

    ("us-mail", "Mail may be sent until it is refused", "US", "email", M, "",
     {"bases": US_MAIL, "soft_opt_in_evidence": False},
     "CAN-SPAM Act, 15 U.S.C. 7704",
     "https://www.ftc.gov/business-guidance/resources/can-spam-act-compliance-guide-business",
     None, None, True),
    ("us-tracking", "Opens are measured unless refused", "US", "email", M, "",
     {"open_tracking": "on"}, "No federal law asks for permission",
     "Suits under state wiretap laws (Arizona, California) are pending: ask your counsel first.",
     None, None, False),
    ("us-texts", "Texts by day, with written consent", "US", "sms", M, "",
     {"bases": ["consent"], "hours": DAYTIME}, f"{TCPA}(a)(2) and (c)(1)", ECFR, None, None, True),
    ("us-calls", "Calls by day, with consent", "US", "call", M, "",
     {"bases": ["consent"], "hours": DAYTIME}, f"{TCPA}(a)(2) and (c)(1)", ECFR, None, None, True),
    ("us-fl-texts", "Florida: texts until eight", "US-FL", "sms", M, "", {"hours": SHORT_DAY},
     "Florida Statutes, section 501.616(6)(a)", "http://www.leg.state.fl.us/statutes/",
     None, None, True),
    ("us-fl-calls", "Florida: calls until eight", "US-FL", "call", M, "", {"hours": SHORT_DAY},
     "Florida Statutes, section 501.616(6)(a)", "http://www.leg.state.fl.us/statutes/",
     None, None, True),
    ("us-ok-texts", "Oklahoma: texts until eight", "US-OK", "sms", M, "", {"hours": SHORT_DAY},
     "Oklahoma Telephone Solicitation Act of 2022, 15 O.S. section 775C.4",
     "https://www.oklegislature.gov/", None, None, True),
    ("us-stop-one", "One STOP ends this purpose", "US", "sms", M, "", {"stop_scope": "purpose"},
     f"{TCPA}(a)(10), waived in part", FCC, None,
     date(2027, 1, 31), True),
    ("us-stop-all", "One STOP ends everything", "US", "sms", M, "", {"stop_scope": "everything"},
     f"{TCPA}(a)(10)", FCC, date(2027, 1, 31), None, True),
    ("us-ca-opt-out", "An opt-out is seen, GPC too", "US-CA", "", P, "sharing-for-ads",
     {"gpc_honoured": True, "opt_out_confirmed": True}, f"{CCPA} 7025(c)(6) and 7026(g)",
     "https://cppa.ca.gov/regulations/", date(2026, 1, 1), None, True),
    ("us-ca-automated", "Automated decisions: notice and a way out", "US-CA", "", "", "",
     {"automated_decisions": True}, f"{CCPA} 7220 and 7221",
     "https://cppa.ca.gov/regulations/ccpa_updates.html", date(2027, 1, 1), None, True),

    ("in-consent", "Consent by an itemised notice", "IN", "", "", "",
     {"itemised_notice": True, "easy_withdrawal": True},
     f"{DPDP}: sections 5 and 6, rule 3", "https://www.meity.gov.in/ (G.S.R. 846(E), in force 18 "
     "months after 13 November 2025)", date(2027, 5, 13), None, True),
    ("in-marketing", "Marketing needs consent", "IN", "", M, "", {"bases": ["consent"]},
     f"{DPDP}: sections 4 and 7", "No legitimate interest among the grounds.",
     date(2027, 5, 13), None, True),
    ("id-marketing", "Marketing needs consent", "ID", "", M, "", {"bases": ["consent"]},
     "Indonesia, Law 27 of 2022 (UU PDP), articles 20 to 22",
     "https://peraturan.bpk.go.id/Details/229798/uu-no-27-tahun-2022", None, None, True),
]  # fmt: skip
COLUMNS = (
    "slug", "name", "place", "channel", "purpose_class", "purpose", "terms", "law", "source",
    "valid_from", "valid_until", "is_on",
)  # fmt: skip


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Each row with its first version."""
    policies, versions = (apps.get_model("consent", name) for name in ("Policy", "PolicyVersion"))
    purposes = {row.slug: row for row in apps.get_model("consent", "Purpose").objects.all()}
    now = timezone.now()
    for row in ROWS:
        said = dict(zip(COLUMNS, row, strict=True))
        slug = said.pop("purpose")
        made = policies.objects.create(**said, purpose=purposes[slug] if slug else None)
        for name in ("valid_from", "valid_until"):
            said[name] = said[name].isoformat() if said[name] else None
        said["purpose"] = slug
        versions.objects.create(
            policy=made, version=1, said=said, at=now, actor="system", why="As it came."
        )


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("consent", "0007_policy_table")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
