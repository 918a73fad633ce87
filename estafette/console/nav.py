"""The way around: which pages there are, and under which words they are found."""

from typing import NamedTuple

from estafette.console.words import later as _
from estafette.model.session import Role


class Place(NamedTuple):
    """A line of the menu."""

    title: str
    path: str
    icon: str  #: a symbol of static/icons.svg
    needs: Role = Role.VIEWER
    parts: tuple["Place", ...] = ()  #: lines below it
    also: str = ""  #: where else its things are

    def holds(self, path: str) -> bool:
        """Whether a page is one of this place's."""
        roots = [root for root in (self.path, self.also) if root]
        return any(path == root or path.startswith(f"{root}/") for root in roots)


class Group(NamedTuple):
    """Lines of the menu that stand together."""

    title: str
    places: tuple[Place, ...]


MENU = (
    Group(
        _("Work"),
        (
            Place(_("Messages"), "/console/messages", "messages"),
            Place(_("Conversations"), "/console/conversations", "conversations"),
            Place(_("Send"), "/console/send", "send", Role.AGENT),
            Place(_("Phone"), "/console/phone", "phone", Role.AGENT),
        ),
    ),
    Group(
        _("People"),
        (
            Place(_("Contacts"), "/console/contacts", "contacts"),
            Place(_("Opt-outs"), "/console/opt-outs", "optouts"),
            Place(_("Templates"), "/console/templates", "templates"),
        ),
    ),
    Group(
        _("Configuration"),
        (
            Place(
                _("General"),
                "/console/settings",
                "settings",
                parts=(
                    Place(_("Instant messaging"), "/console/settings/messaging", ""),
                    Place(_("Retention"), "/console/settings/retention", ""),
                    Place(_("WhatsApp window"), "/console/settings/window", ""),
                ),
            ),
            Place(
                _("Senders and services"), "/console/senders", "senders", also="/console/services"
            ),
            Place(_("Connections"), "/console/connections", "connections"),
            Place(_("Callbacks"), "/console/callbacks", "callbacks"),
            Place(_("Doors"), "/console/doors", "doors"),
            Place(_("Keys"), "/console/keys", "keys", Role.OWNER),
            Place(_("Users and teams"), "/console/users", "users", also="/console/teams"),
            Place(_("Activity"), "/console/activity", "activity", Role.OWNER),
        ),
    ),
)
