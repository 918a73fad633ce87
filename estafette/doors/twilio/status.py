"""Status callbacks: what became of a message that was sent, as the fields of a form."""

from estafette.doors.twilio import wire
from estafette.model import Callback, Channel, Message, Status
from estafette.model.twilio import PREFIX, STATUS, failure, message_sid


def form(callback: Callback, message: Message) -> dict[str, str]:
    """The fields of one status of a message."""
    sid, status = message_sid(message), STATUS[callback.status]
    prefix = PREFIX[message.channel]
    form = {
        "SmsSid": sid,
        "SmsStatus": status,
        "MessageSid": sid,
        "MessageStatus": status,
        "To": prefix + message.recipient,
        "From": prefix + message.sender,
        "AccountSid": message.account,
        "ApiVersion": wire.API,
    }
    if service := wire.service_sid(message):
        form["MessagingServiceSid"] = service
    if callback.status in (Status.FAILED, Status.UNDELIVERED):
        code, text = failure(callback.reason, callback.code, callback.text)
        form |= {"ErrorCode": str(code), "ErrorMessage": text}
    if callback.status in (Status.DELIVERED, Status.UNDELIVERED) and not prefix:
        form["RawDlrDoneDate"] = callback.created_at.strftime("%y%m%d%H%M")
    if message.channel is Channel.WHATSAPP:
        form |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.recipient}
        if callback.status is Status.READ:
            form["EventType"] = "READ"
    return form
