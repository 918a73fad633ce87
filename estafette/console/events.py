"""What was done, as the trail of the console says it."""

from estafette.console.words import Words
from estafette.console.words import later as _

#: What is changed: the first word of an event.
THINGS = {
    "account": _("Account"),
    "batch": _("Batch"),
    "callback": _("Callback"),
    "callbacks": _("Callbacks"),
    "connection": _("Connection"),
    "contact": _("Contact"),
    "conversation": _("Conversation"),
    "field": _("Field"),
    "funnel": _("Funnel"),
    "key": _("Key"),
    "keywords": _("Opt-out wording"),
    "media": _("Media"),
    "message": _("Message"),
    "messaging": _("Instant messaging"),
    "number": _("Number"),
    "retention": _("Retention"),
    "sender": _("Sender"),
    "service": _("Service"),
    "session": _("Sign-in"),
    "settings": _("Setting"),
    "status": _("Status"),
    "suppression": _("Opt-out"),
    "tag": _("Tag"),
    "team": _("Team"),
    "template": _("Template"),
    "user": _("User"),
    "vault": _("Secret key"),
    "webhook": _("Webhook"),
    "window": _("WhatsApp window"),
}

#: What became of it: the second.
DEEDS = {
    "blocked": _("was blocked"),
    "cancel": _("was canceled"),
    "cleared": _("was cleared"),
    "deleted": _("was deleted"),
    "disabled": _("was disabled"),
    "enabled": _("was enabled"),
    "joined": _("got a sender"),
    "left": _("lost a sender"),
    "main": _("became the main one"),
    "released": _("was given back"),
    "start": _("was started"),
    "unblocked": _("was unblocked"),
    "added": _("was added"),
    "approved": _("was approved"),
    "assigned": _("was assigned"),
    "canceled": _("was canceled"),
    "changed": _("was changed"),
    "closed": _("was closed"),
    "imported": _("was imported"),
    "noted": _("was noted"),
    "opened": _("was opened"),
    "paused": _("was paused"),
    "redacted": _("was redacted"),
    "removed": _("was removed"),
    "replayed": _("was replayed"),
    "resent": _("was resent"),
    "resumed": _("was resumed"),
    "revoked": _("was revoked"),
    "sent": _("was sent"),
    "started": _("was started"),
    "submitted": _("was submitted"),
    "taken": _("was taken"),
    "tried": _("was tried"),
    "unverified": _("was unverified"),
    "verified": _("was verified"),
}

#: Whole events that are said in words of their own.
EVENTS = {
    "account.token_made": _("New token of the account"),
    "session.began": _("Signed in"),
    "session.ended": _("Signed out"),
    "session.refused": _("Sign-in refused"),
    "user.link_made": _("Link to sign in made"),
    "user.password_set": _("Password set"),
    "vault.forgotten": _("Old secret key forgotten"),
    "vault.rotated": _("Secret key replaced"),
}

#: What further is known of an event, and by which proof somebody signed in.
FACTS = {
    "by": _("by"),
    "email": _("e-mail address"),
    "fields": _("fields"),
    "from": _("from"),
    "label": _("label"),
    "members": _("members"),
    "name": _("name"),
    "role": _("role"),
}
PROOFS = {"token": _("auth token"), "password": _("password"), "link": _("link")}

#: Ways in.
WAYS = {"console": _("console"), "api": _("API"), "cli": _("command")}


def told_event(event: str, words: Words) -> str:
    """An event in a language; one that is not known as it stands."""
    if event in EVENTS:
        return words.say(EVENTS[event])
    thing, _dot, deed = event.partition(".")
    if thing in THINGS and deed in DEEDS:
        return words.say(
            _("%(thing)s %(deed)s"), thing=words.say(THINGS[thing]), deed=words.say(DEEDS[deed])
        )
    return event


def told_fact(name: str, value: object, words: Words) -> tuple[str, str]:
    """A further fact in a language."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if name == "by":
        text = words.say(PROOFS.get(text, text))
    return words.say(FACTS.get(name, name)), text
