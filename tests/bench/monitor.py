"""What watching costs: `python tests/bench/monitor.py`. Two thousand samples, timed."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

MOST = 0.010
"""Of a core, at one sample a second."""


def main() -> int:
    """Print the share of a core that a sample each second takes, with idle threads around."""
    from vidkit.pipeline.scaling import SAMPLE_SECONDS, Monitor

    over = threading.Event()
    for _ in range(40):
        threading.Thread(target=over.wait, daemon=True).start()
    monitor = Monitor(lambda _: None, time.monotonic, Path(tempfile.gettempdir()))
    monitor.look()
    before = time.process_time()
    for _ in range(2000):
        monitor.look()
    each = (time.process_time() - before) / 2000
    over.set()
    print(f"{each * 1000:.2f} ms a sample: {each / SAMPLE_SECONDS:.2%} of a core")
    return 0 if each / SAMPLE_SECONDS < MOST else 1


if __name__ == "__main__":
    sys.exit(main())
