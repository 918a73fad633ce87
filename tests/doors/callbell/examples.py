"""What clients of such an API send, one body for each thing that its documentation shows."""

from typing import Any

TO = "+31612345678"
ONE_HOLE = "d980fb66fd5043d3ace1aa06ba044342"  # of a fresh home
THREE_HOLES = "ad42a09715814e6483b1c5debd6a2dbc"
FILES = "https://example.com"


def body(type: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"to": TO, "from": "whatsapp", "type": type, "content": content, **more}


def template(uuid: str, type: str = "text", **content: Any) -> dict[str, Any]:
    said = {"text": "John Doe", **content}
    return body(type, said, template_uuid=uuid, optin_contact=True)


#: Plain messages: the kind that goes out, and the body.
PLAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "text": ("text", body("text", {"text": "Hello!"})),
    "user": (
        "text",
        body("text", {"text": "Hello! For a user!"}, assigned_user="john.doe@email.com"),
    ),
    "metadata": (
        "text",
        body(
            "text",
            {"text": "Hello!"},
            metadata={"customer_id": "123456", "sent_from": "backend_api"},
        ),
    ),
    "image": ("image", body("image", {"url": f"{FILES}/my_image.jpeg"})),
    "caption": (
        "image",
        body("image", {"url": f"{FILES}/my_image.jpeg", "text": "This is my caption"}),
    ),
    "document": ("document", body("document", {"url": f"{FILES}/my_image.pdf"})),
    "audio": ("audio", body("document", {"url": f"{FILES}/my_audio.mp3"})),
    "video": ("video", body("document", {"url": f"{FILES}/my_video.mp4"})),
    "audio by type": ("audio", body("audio", {"url": f"{FILES}/my_audio.mp3"})),
    "video by type": ("video", body("video", {"url": f"{FILES}/my_video.mp4"})),
}

#: What the files of the examples are.
CONTENT_TYPES = {
    "jpeg": "image/jpeg",
    "pdf": "application/pdf",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
}
