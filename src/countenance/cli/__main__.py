"""`python -m countenance.cli`."""

from countenance.cli.app import main

main()
