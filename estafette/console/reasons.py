"""Why a message was declined, or failed, as the console says it."""

from estafette.console.words import later as _
from estafette.model import Reason

REASONS: dict[Reason, str] = {
    Reason.NO_RECIPIENT: _("A recipient is needed."),
    Reason.BAD_RECIPIENT: _("The recipient is not an address on this channel."),
    Reason.NOT_MOBILE: _("The recipient is a number that cannot take a text."),
    Reason.NO_SENDER: _("Say from which sender, or make one the main sender of this channel."),
    Reason.BAD_SENDER: _("The sender is not an address on this channel."),
    Reason.FOREIGN_SENDER: _("This account has no such sender on this channel."),
    Reason.MIXED_CHANNELS: _("Sender and recipient are on different channels."),
    Reason.EMPTY_BODY: _("The text is empty."),
    Reason.NOTHING_TO_SAY: _("A text, media or a template are needed."),
    Reason.BAD_BODY: _("The text has characters that no carrier can take."),
    Reason.TOO_LONG: _("The text is too long: an SMS has at most 1600 characters."),
    Reason.BAD_MEDIA: _("The media are not at addresses that may be asked, or cannot be sent."),
    Reason.TOO_MANY_MEDIA: _("There are too many media for one message."),
    Reason.BAD_CALLBACK: _("The address for callbacks is not one that may be told."),
    Reason.BAD_VALIDITY: _("A message cannot wait for as long as that."),
    Reason.BAD_TIME: _("The time is too soon or too late to schedule for."),
    Reason.UNKNOWN_SERVICE: _("There is no such service."),
    Reason.EMPTY_POOL: _("The service has no senders."),
    Reason.NO_FITTING_SENDER: _("None of the senders of the service reaches the recipient."),
    Reason.TEST_ACCOUNT: _("A test account sends nothing."),
    Reason.UNVERIFIED: _("A trial account writes to verified numbers only."),
    Reason.OPTED_OUT: _("The recipient asked not to be written to."),
    Reason.OUTSIDE_WINDOW: _(
        "The recipient did not write in the last 24 hours: only an approved template goes."
    ),
    Reason.REGION: _("This sender may not write to that part of the world."),
    Reason.UNROUTABLE: _("There is no way from this sender to the recipient."),
    Reason.QUEUE_FULL: _("The queue of this sender is full."),
    Reason.RUNAWAY: _("Two numbers answer each other without end."),
    Reason.BLOCKED: _("The carrier or the recipient blocked it."),
    Reason.UNREACHABLE: _("The phone did not answer."),
    Reason.UNKNOWN_HANDSET: _("No phone is known under this number."),
    Reason.LANDLINE: _("The number is a landline, or a carrier that cannot be reached."),
    Reason.EXPIRED: _("It waited too long: nobody took it in time."),
    Reason.UNANSWERED: _("It may have been taken; nobody ever said."),
    Reason.OTHER: _("It did not work, for another reason."),
}
