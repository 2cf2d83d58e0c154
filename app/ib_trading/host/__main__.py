"""`python -m ib_trading.host FD`; see the package."""

import sys

from ib_trading.host.process import serve

if __name__ == "__main__":
    serve(int(sys.argv[1]))
