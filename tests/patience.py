"""How long tests wait for what must come."""

#: Seconds: far longer than anything takes, so that a pause of the machine breaks no test. What is
#: broken ends here; nothing is measured by it.
PATIENCE = 60.0
