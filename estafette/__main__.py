"""`python -m estafette` is `estafette`."""

from estafette.cli import main

main()
