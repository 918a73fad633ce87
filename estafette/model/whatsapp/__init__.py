"""What can be said on WhatsApp: its kinds of message, each an object of its own. Pure.

A message keeps its object as `content[kind]`, under the name of the kind, beside `content["type"]`: a
text without more than its body keeps neither. `body` and `media` are what other channels' words
have for it: the text or caption, and links.
"""

from estafette.model.whatsapp.envelope import envelope
from estafette.model.whatsapp.heard import KINDS as HEARD
from estafette.model.whatsapp.heard import hear, heard_kind
from estafette.model.whatsapp.payload import files, payload, shown
from estafette.model.whatsapp.reading import kind_named, read
from estafette.model.whatsapp.recipient import Recipient, recipient_of
from estafette.model.whatsapp.words import KINDS, MEDIA, TEXT, Asked, Said, Unsaid

__all__ = [
    "HEARD", "KINDS", "MEDIA", "TEXT", "Asked", "Recipient", "Said", "Unsaid", "envelope", "files", "hear",
    "heard_kind", "kind_named", "payload", "read", "recipient_of", "shown",
]  # fmt: skip
