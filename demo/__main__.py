"""`python -m demo`: starts everything, tells the story, checks it, shows it, ends everything.

Exit codes: 0 when all checks passed, 1 when one did not or something failed, 2 for wrong options or
something that is not installed, 130 when it was interrupted (Ctrl-C, SIGTERM, or the terminal was closed).
"""

from __future__ import annotations

import signal
import sys


def main() -> int:
    # Ctrl-C may come while the rest is still being read: until somebody listens, the kernel ends this process without
    # a trace, and nothing has been started that could be left.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from demo.interruption import Interrupted, Interruption

    interruption = Interruption()
    try:
        interruption.listen()
        from demo.performance import perform

        return perform(sys.argv[1:], interruption)
    except Interrupted:
        sys.stderr.write("\ndemo: interrupted; everything it started has ended\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
