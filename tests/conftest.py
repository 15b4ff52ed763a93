"""What the tests of all rooms stand on."""

import signal

# A shell starts its background jobs with Ctrl-C ignored, and children inherit that: tests that send one would hang.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
