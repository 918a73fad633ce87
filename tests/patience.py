"""How long tests wait for what must come."""

import time
from collections.abc import Callable
from typing import Any

#: Seconds: far longer than anything takes, so that a pause of the machine breaks no test. What is
#: broken ends here; nothing is measured by it.
PATIENCE = 60.0


def until(truth: Callable[[], Any]) -> Any:
    """What `truth` gives, once that is true."""
    end = time.monotonic() + PATIENCE
    while not (found := truth()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found
