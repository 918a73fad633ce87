"""How programs are led here: lines to paste, for each kind of client, with an account's own values in them.

A secret is never among them: it is read from a variable of the shell.
"""

from typing import NamedTuple

from estafette.console.words import later as _
from estafette.model import Sender

SMS_TO, WHATSAPP_TO = "+15558675310", "+16505550142"  #: nobody has these
_SHELL = _("In a shell")


class Values(NamedTuple):
    """What stands in the lines."""

    base: str  #: under which others reach us
    sid: str  #: of the account
    sms: Sender | None  #: what it sends from
    whatsapp: Sender | None


class Lines(NamedTuple):
    """Something to paste."""

    label: str
    language: str  #: `sh`, `python`, `js`, `json` or `text`
    text: str


class Client(NamedTuple):
    """One way in."""

    id: str  #: of its part of the page
    title: str
    about: str
    lines: tuple[Lines, ...] = ()
    docs: str = ""  #: where more is said, in the folder of documents
    needs: str = ""  #: a channel without a sender of which it is of no use
    is_ready: bool = True  #: there is one


#: Every way in, with names in `<…>` where an account's values will stand.
_CLIENTS = (
    Client(
        "curl",
        _("curl, as to Twilio"),
        _(
            "The Twilio API, version 2010-04-01: whatever was written for it works with this address."
        ),
        (
            Lines(
                _SHELL,
                "sh",
                """
curl -X POST "<BASE>/2010-04-01/Accounts/<ACCOUNT>/Messages.json" \\
  --data-urlencode "From=<SMS_FROM>" \\
  --data-urlencode "To=<SMS_TO>" \\
  --data-urlencode "Body=Hi there" \\
  -u "<ACCOUNT>:$ESTAFETTE_AUTH_TOKEN"
""",
            ),
        ),
        "docs/start.md",
        "sms",
    ),
    Client(
        "twilio-python",
        _("Twilio’s library for Python"),
        _("TWILIO_REGION and TWILIO_EDGE must not be set."),
        (
            Lines(
                "Python",
                "python",
                """
import os

from twilio.rest import Client

client = Client("<ACCOUNT>", os.environ["ESTAFETTE_AUTH_TOKEN"])
client.api.base_url = "<BASE>"
client.messaging.base_url = client.content.base_url = client.api.base_url

message = client.messages.create(from_="<SMS_FROM>", to="<SMS_TO>", body="Hi there")
print(message.sid, message.status)
""",
            ),
        ),
        "estafette/doors/twilio/README.md",
        "sms",
    ),
    Client(
        "twilio-node",
        _("Twilio’s library for JavaScript"),
        _("From npm, for Node.js."),
        (
            Lines(
                "JavaScript",
                "js",
                """
const twilio = require("twilio");

const client = twilio("<ACCOUNT>", process.env.ESTAFETTE_AUTH_TOKEN);
client.api.baseUrl = "<BASE>";
client.messaging.baseUrl = client.content.baseUrl = client.api.baseUrl;

client.messages
  .create({ from: "<SMS_FROM>", to: "<SMS_TO>", body: "Hi there" })
  .then((message) => console.log(message.sid, message.status));
""",
            ),
        ),
        "estafette/doors/twilio/README.md",
        "sms",
    ),
    Client(
        "callbell",
        _("Callbell’s API"),
        _("Messages, contacts, conversations, templates and webhooks, below /v1."),
        (
            Lines(
                _SHELL,
                "sh",
                """
curl -X POST "<BASE>/v1/messages/send" \\
  -H "Authorization: Bearer $ESTAFETTE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"to": "<WHATSAPP_TO>", "from": "whatsapp", "type": "text", "content": {"text": "Hi there"}}'
""",
            ),
        ),
        "docs/how-to/callbell.md",
        "whatsapp",
    ),
    Client(
        "cloud-api",
        _("WhatsApp’s Cloud API"),
        _("The address stands in the place of graph.facebook.com; any version will do."),
        (
            Lines(
                _SHELL,
                "sh",
                """
curl -X POST "<BASE>/v23.0/<PHONE_ID>/messages" \\
  -H "Authorization: Bearer $ESTAFETTE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"messaging_product": "whatsapp", "to": "<WHATSAPP_TO>", "type": "text", "text": {"body": "Hi there"}}'
""",
            ),
            Lines(
                "pywa",
                "python",
                """
import os

import httpx
from pywa import WhatsApp


class ToEstafette(httpx.HTTPTransport):
    def handle_request(self, request):
        if request.url.host == "graph.facebook.com":
            request.url = httpx.URL("<BASE>" + request.url.raw_path.decode())
            request.headers["Host"] = request.url.netloc.decode()
        return super().handle_request(request)


wa = WhatsApp(
    phone_id="<PHONE_ID>",
    token=os.environ["ESTAFETTE_API_KEY"],
    session=httpx.Client(transport=ToEstafette()),
)
print(wa.send_message("<WHATSAPP_TO>", "Hi there").id)
""",
            ),
        ),
        "docs/how-to/cloud-api.md",
        "whatsapp",
    ),
    Client(
        "workflowgen",
        _("SENDMESSAGE, for WorkflowGen and other workflows"),
        _("The first address is for RESTAPICLIENT, the second for a Web Procedure of your own."),
        (
            Lines("RESTAPICLIENT", "text", "<BASE>/v1/actions/SENDMESSAGE"),
            Lines(_("Web Procedure"), "text", "<BASE>/v1/workflowgen/SENDMESSAGE"),
            Lines(
                _SHELL,
                "sh",
                """
curl -X POST "<BASE>/v1/actions/SENDMESSAGE" \\
  -H "Content-Type: application/json" \\
  -u "<ACCOUNT>:$ESTAFETTE_AUTH_TOKEN" \\
  -d '{"BODY": "Hi there", "TO": "<SMS_TO>", "FROM": "<SMS_FROM>"}'
""",
            ),
        ),
        "docs/how-to/workflowgen.md",
        "sms",
    ),
    Client(
        "flow-action",
        _("The WhatsApp action of flow engines"),
        _("As in Auth0’s forms. The step may be posted as it stands, too."),
        (
            Lines(
                _SHELL,
                "sh",
                """
curl -X POST "<BASE>/v1/actions/WHATSAPP.SEND_MESSAGE" \\
  -H "Content-Type: application/json" \\
  -u "<ACCOUNT>:$ESTAFETTE_AUTH_TOKEN" \\
  -d '{"sender_id": "<PHONE_ID>", "recipient_number": "<WHATSAPP_TO>", "type": "TEXT", "payload": {"body": "Hi there"}}'
""",
            ),
            Lines(
                _("A step"),
                "json",
                """
{
  "id": "notify",
  "type": "WHATSAPP",
  "action": "SEND_MESSAGE",
  "params": {
    "sender_id": "<PHONE_ID>",
    "recipient_number": "<WHATSAPP_TO>",
    "type": "TEXT",
    "payload": {"body": "Hi there"}
  }
}
""",
            ),
        ),
        "docs/reference/whatsapp-action.md",
        "whatsapp",
    ),
    Client(
        "logic-apps",
        _("Logic Apps and Power Automate"),
        _("Import this definition as a custom connector; no credentials are needed to read it."),
        (
            Lines(_("Definition"), "text", "<BASE>/connectors/twilio/swagger.json"),
            Lines(
                _SHELL,
                "sh",
                """
curl "<BASE>/connectors/twilio/Messages.json" \\
  -H "Content-Type: application/json" \\
  -u "<ACCOUNT>:$ESTAFETTE_AUTH_TOKEN" \\
  -d '{"from": "<SMS_FROM>", "to": "<SMS_TO>", "body": "Hi there"}'
""",
            ),
        ),
        "docs/how-to/logic-apps.md",
        "sms",
    ),
    Client(
        "recipes",
        _("n8n, Node-RED, Airflow and others"),
        _("There is a page with a workflow to import, or a few lines, for each of them."),
        docs="docs/how-to/workflows/README.md",
    ),
    Client(
        "api",
        _("Our own API"),
        _("JSON for everything that can be done here. Its description can be read by programs."),
        (
            Lines(
                _SHELL,
                "sh",
                """
curl -X POST "<BASE>/api/messages" \\
  -H "Content-Type: application/json" \\
  -u "<ACCOUNT>:$ESTAFETTE_AUTH_TOKEN" \\
  -d '{"from": "<SMS_FROM>", "to": "<SMS_TO>", "body": "Hi there"}'
""",
            ),
            Lines("OpenAPI", "text", "<BASE>/api/openapi.json"),
        ),
        "docs/reference/api.md",
        "sms",
    ),
    Client(
        "commands",
        _("Commands"),
        _("On the machine that the server runs on, with the same ESTAFETTE_HOME."),
        (
            Lines(
                _SHELL,
                "sh",
                """
estafette send --account <ACCOUNT> --from "<SMS_FROM>" \\
  --to <SMS_TO> --body "Hi there"
""",
            ),
        ),
        "docs/reference/commands.md",
        "sms",
    ),
)


def clients(values: Values) -> list[Client]:
    """Every way in, for an account."""
    return [
        one._replace(
            lines=tuple(line._replace(text=_filled(line.text, values)) for line in one.lines),
            is_ready=not one.needs or getattr(values, one.needs) is not None,
        )
        for one in _CLIENTS
    ]


def _filled(text: str, values: Values) -> str:
    """The lines with an account's values in the place of their names."""
    sms, whatsapp = values.sms, values.whatsapp
    for name, value in {
        "BASE": values.base,
        "ACCOUNT": values.sid,
        "SMS_FROM": sms.address if sms else "",
        "SMS_TO": SMS_TO,
        "PHONE_ID": whatsapp.ref if whatsapp else "",
        "WHATSAPP_TO": WHATSAPP_TO,
    }.items():
        text = text.replace(f"<{name}>", value)
    return text.strip("\n")
