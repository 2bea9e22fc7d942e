"""Names and words of rows that come along: kept in English, said in the reader's language.

Whoever changes one in the console says it in words of their own, which stay as they are.
"""

from django.utils.translation import gettext_noop

from config.workspace.pages.sentences import Sentences

READY_MADE = Sentences(
    # purposes
    gettext_noop("Service"),
    gettext_noop("Orders, deliveries, answers to your questions."),
    gettext_noop("Marketing"),
    gettext_noop("News and offers."),
    gettext_noop("Measuring"),
    gettext_noop("Seeing whether a message was opened or clicked."),
    gettext_noop("Personalisation"),
    gettext_noop("Fitting content to what you do."),
    gettext_noop("Sharing for ads"),
    gettext_noop("Sharing data with advertisers."),
    # rows of the policy table
    gettext_noop("Opt-outs are honoured and seen"),
    gettext_noop("Marketing needs consent"),
    gettext_noop("Soft opt-in after a sale"),
    gettext_noop("In our own service"),
    gettext_noop("To systems of our own"),
    gettext_noop("Measuring rests on consent"),
    gettext_noop("Implied consent, and its end"),
    gettext_noop("Double opt-in as proof"),
    gettext_noop("Refuse by one click"),
    gettext_noop("Refusing is as easy as accepting"),
    gettext_noop("Pixels and measured links need consent"),
    gettext_noop("Electronic mail needs consent"),
    gettext_noop("Soft opt-in for own similar products"),
    gettext_noop("Calls need consent given before"),
    gettext_noop("Pixels in mails need consent"),
    gettext_noop("Pixels need consent"),
    gettext_noop("Consent by an itemised notice"),
    gettext_noop("Calls by day, with consent"),
    gettext_noop("Mail may be sent until it is refused"),
    gettext_noop("Opens are measured unless refused"),
    gettext_noop("One STOP ends everything"),
    gettext_noop("One STOP ends this purpose"),
    gettext_noop("Texts by day, with written consent"),
    gettext_noop("Automated decisions: notice and a way out"),
    gettext_noop("An opt-out is seen, GPC too"),
    gettext_noop("Florida: calls until eight"),
    gettext_noop("Florida: texts until eight"),
    gettext_noop("Oklahoma: texts until eight"),
    gettext_noop("Rights of who lives who knows where"),
    gettext_noop("Nobody knows where"),
    gettext_noop("Calls to who knows where"),
    gettext_noop("In our own service, nobody knows where"),
    gettext_noop("Texts to who knows where"),
    gettext_noop("To systems of our own, nobody knows where"),
    # when a law wants somebody to be told of an incident
    gettext_noop("unless it is unlikely to be a risk to them"),
    gettext_noop("where the risk to them is likely to be high"),
    gettext_noop("first word at once"),
    gettext_noop("3 x 24 hours, in writing"),
    gettext_noop("who lives in California"),
    gettext_noop("15 days after the people, where more than 500 live in California"),
)
