"""Nothing of the current folder acts on vidkit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ASK = """
import os
from vidkit.media.clips import moviepy
moviepy()
from moviepy.config import FFMPEG_BINARY
print(FFMPEG_BINARY, os.environ.get("OPENAI_BASE_URL"))
"""


def test_a_dotenv_of_the_current_folder_is_not_read(tmp_path: Path) -> None:
    """moviepy would read it on import, and run the program that it names."""
    run = tmp_path / "run.sh"
    run.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    run.chmod(0o755)
    (tmp_path / ".env").write_text("FFMPEG_BINARY=./run.sh\nOPENAI_BASE_URL=http://evil.invalid\n")
    told = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "run.sh" not in told.stdout and "evil" not in told.stdout
    assert not (tmp_path / "ran").exists()
