"""Which texts are URLs: see core/url.py."""

from estafette.core.url import is_url

__all__ = ["is_url"]
