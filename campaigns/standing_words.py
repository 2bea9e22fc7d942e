"""Why a campaign stands still: kept in English by the worker, said in the reader's language.

The sentences stand here once, for those that write them and for the pages that show them.
"""

from django.utils.translation import gettext_noop

from config.workspace.pages.sentences import Sentences

NO_PURPOSE = gettext_noop("There is no purpose “%(slug)s” any more.")
NO_TOPIC = gettext_noop("There is no topic “%(slug)s” any more.")
NO_RULE = gettext_noop("What one of its rules names is not there any more.")
NO_SEGMENT = gettext_noop("There is no segment “%(slug)s” any more.")
ARCHIVED = gettext_noop("Its segment “%(name)s” is archived. Restore it, and the campaign goes on.")
UNCOUNTABLE = gettext_noop(
    "Its segment “%(name)s” cannot be counted, so nobody knows who is in it."
)
NOT_WRITTEN = gettext_noop("No mail can be written: %(why)s.")
NO_PROCESS = gettext_noop("no process can be started that writes it")
UNEXPECTED = gettext_noop("An unexpected error (%(name)s). The log says where.")
BOUNCES = gettext_noop("%(share)s %% of the first %(sent)d mails bounced: the list is not clean.")
COMPLAINTS = gettext_noop("%(share)s %% complained; 0.3 %% is where mailbox providers block.")
SENTENCES = Sentences(
    *(NO_PURPOSE, NO_TOPIC, NO_RULE, NO_SEGMENT, ARCHIVED, UNCOUNTABLE, NOT_WRITTEN, NO_PROCESS),
    *(UNEXPECTED, BOUNCES, COMPLAINTS),
)
