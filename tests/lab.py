"""A JupyterLab of its own for each test: on a free port of loopback, in folders of its own."""

from __future__ import annotations

import ast
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_NOTEBOOK = "window.jupyterapp?.shell?.currentWidget"
_READY = f"() => {_NOTEBOOK}?.sessionContext?.isReady"
_IDLE = f"""() => {{
  const notebook = {_NOTEBOOK};
  const prompts = [...notebook.node.querySelectorAll('.jp-InputArea-prompt')];
  return notebook.sessionContext?.session?.kernel?.status === 'idle'
    && !prompts.some(prompt => prompt.textContent.includes('*'));
}}"""

_ERRORS = f"""() => {_NOTEBOOK}.content.model.sharedModel.cells
  .flatMap(cell => cell.toJSON().outputs ?? [])
  .filter(output => output.output_type === 'error')
  .map(output => output.ename + ': ' + output.evalue)"""

QUIET = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # cells out of sight stay in the page, so that a test can look at them
    "notebook-extension/tracker": {"windowingMode": "none"},
}


class Lab:
    """A running JupyterLab over the folder `root`; `with` stops it and removes its traces."""

    def __init__(self, root: Path, python: str = sys.executable) -> None:
        self.root = root
        self._own = Path(tempfile.mkdtemp(prefix="lab-"))
        self._token = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        for name, values in QUIET.items():
            path = self._own / f"settings/@jupyterlab/{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        # no page asks whether JupyterLab is to be built anew, which takes half a second each time
        path = self._own / "config/labconfig/page_config.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"buildAvailable": False, "buildCheck": False}))
        own = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        words = [python, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        words += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self._port}"]
        words += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={self._token}"]
        words += [f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
        words += ["--LabApp.extension_manager=readonly"]
        self._log = (self._own / "log").open("w+")
        self._server = subprocess.Popen(
            words,
            env=os.environ | {name: str(self._own / folder) for name, folder in own.items()},
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def __enter__(self) -> Lab:
        address = f"http://127.0.0.1:{self._port}/api/status?token={self._token}"
        for _ in range(600):
            try:
                urllib.request.urlopen(address, timeout=2).close()
                return self
            except (urllib.error.URLError, OSError):
                if self._server.poll() is not None:
                    break
                time.sleep(0.1)
        self._log.seek(0)
        raise RuntimeError(f"JupyterLab did not start:\n{self._log.read()[-3000:]}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.send_signal(signal.SIGTERM)
        try:
            self._server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
        self._log.close()
        shutil.rmtree(self._own, ignore_errors=True)

    def open(self, page: Page, notebook: str) -> None:
        """Show a notebook in a workspace of its own and wait for its kernel."""
        workspace = secrets.token_hex(4)
        page.goto(
            f"http://127.0.0.1:{self._port}/lab/workspaces/{workspace}/tree/{notebook}"
            f"?token={self._token}"
        )
        wait_for_its_kernel(page)


def command(page: Page, name: str, **arguments: object) -> None:
    """Carry out one of JupyterLab's commands."""
    page.evaluate(
        "([name, values]) => window.jupyterapp.commands.execute(name, values)", [name, arguments]
    )


def answer(page: Page, expression: str) -> Any:
    """The value of a Python expression in the notebook's kernel, while no cell is at work."""
    told = page.evaluate(
        f"""async expression => {{
          const kernel = {_NOTEBOOK}.sessionContext.session.kernel;
          const asked = kernel.requestExecute({{code: '', silent: true, store_history: false,
            user_expressions: {{it: expression}}}});
          return (await asked.done).content.user_expressions.it;
        }}""",
        expression,
    )
    assert told["status"] == "ok", told
    return ast.literal_eval(told["data"]["text/plain"])


def wait_for_its_kernel(page: Page) -> None:
    """Until the notebook shown has taken up a kernel that is idle: a cell run before that is run by
    nothing. The page has to be served with its app exposed.
    """
    page.wait_for_function(_READY, timeout=90_000)
    page.wait_for_function(_IDLE, timeout=90_000)


def run_all(page: Page, which: str = "notebook:run-all-cells") -> None:
    """Run every cell and wait until none is left; an error in a cell is an AssertionError."""
    command(page, which)
    page.wait_for_function(_IDLE, timeout=180_000)
    errors = page.evaluate(_ERRORS)
    assert not errors, errors
