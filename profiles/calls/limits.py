"""How much may come in: the published limits of the protocol, and a few that our indexes set."""

MAX_BODY_BYTES = 500 * 1024  # unpacked; as the protocol has it
MAX_READ_BYTES = 4 * 1024 * 1024  # read past the limit so that a client gets to see its 413
MAX_ITEM_BYTES = 32 * 1024
# of a batch: stock clients send 100, by the protocol at most 2,500; a message has some 100 bytes
MAX_BATCH_ITEMS = 5000
MAX_DEPTH = 64
MAX_NUMBER_CHARS = 300
# Of a value column: sums of it stay exact to the unit and never leave a double. The number itself
# stays in the event's properties as it was sent.
MAX_AMOUNT = 1e15
MAX_EXPONENT = 308  # a double ends there, and with it what JSON readers agree on

MAX_MESSAGE_ID = 100  # characters, as the protocol has it
# A btree entry of PostgreSQL holds some 2,700 bytes; a character takes up to four.
MAX_EVENT_NAME = 250
MAX_IDENTIFIER = 500
MAX_TRAIT_NAME = 250
MAX_SLOT = 250
MAX_DISPLAY_NAME = 250

# Of one person. The first of each pair is for what only a browser or an app said, so that however
# much that is, there is room left for what our own systems say.
MAX_TRAITS = (200, 500)
MAX_TRAITS_BYTES = (64 * 1024, 256 * 1024)
MAX_TRAIT_BYTES = 8 * 1024  # one value, as JSON
MAX_NAMES_A_DAY = 200  # that a public key makes up, of events and of traits each
MAX_TRAIT_ROWS = 4 * MAX_TRAITS[1]  # statements kept, those that take a trait away included
