"""`python -m ib_trading.host FD FOLDER…`; see the package. What is imported from the folders comes after all else."""

import sys

from ib_trading.host.process import serve

if __name__ == "__main__":
    sys.path.extend(sys.argv[2:])
    serve(int(sys.argv[1]))
