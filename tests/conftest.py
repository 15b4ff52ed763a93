"""What the tests of all rooms stand on."""

import os
import signal

# A shell starts its background jobs with Ctrl-C ignored, and children inherit that: tests that send one would hang.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Runs that are not about the search do not wait for it.
os.environ.setdefault("RIG_SEARCH_SECONDS", "2")
