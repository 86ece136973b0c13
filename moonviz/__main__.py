"""`python -m moonviz`: see `moonviz.cli`."""

import sys

from moonviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
