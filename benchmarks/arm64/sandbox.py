"""It holds on arm64 too: the sandbox's self-test, and its start, on an emulated arm64 machine with Debian's kernel.

Takes kernel, C library and Python from Debian's arm64 packages, puts them with this checkout into an initial RAM disk
and boots that in QEMU (a Cortex-A72, no network). The machine attacks its own jail as `burnish doctor` does and prints
what held. Emulation is some thirty times slower than a machine, so no seconds are promised.

Needs `apt-get install qemu-system-arm cpio` and apt sources that have arm64 (`dpkg --add-architecture arm64 && apt-get
update`); writes into a temporary folder.

    python benchmarks/arm64/sandbox.py [--seconds N]
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]

PACKAGES = (
    "bash busybox-static libbz2-1.0 libc6 libcrypt1 libdb5.3 libexpat1 libffi8 libgcc-s1 liblzma5 libncursesw6 libnsl2 "
    "libpython3.11-minimal libpython3.11-stdlib libreadline8 libsqlite3-0 libssl3 libtinfo6 libtirpc3 libuuid1 "
    "python3.11 python3.11-minimal zlib1g"
)

MODULES = ("annotated_types", "landlockpy", "seccompy", "typing_extensions")
"""Pure Python that the sandbox imports."""

COMMANDS = ("sh", "mount", "ip", "poweroff", "mkdir", "sleep", "true", "uname")

INIT = """#!/bin/sh
export PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 PYTHONPATH=/site PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc; mount -t devtmpfs dev /dev; mkdir -p /dev/shm /sys
mount -t tmpfs tmp /tmp; mount -t tmpfs shm /dev/shm; mount -t sysfs sys /sys
ip link set lo up
uname -srm
python3.11 /check.py
poweroff -f
"""

CHECK = """
import time
from burnish.environments.sandbox.choose import choose_sandbox
began = time.monotonic()
print("ANSWER", choose_sandbox(), f"({time.monotonic() - began:.0f} s)", flush=True)
"""


def command(*words: str, folder: Path) -> str:
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout


def fetched(folder: Path) -> tuple[Path, Path]:
    """The kernel, and a root file system with Python."""
    depends = command("apt-cache", "depends", "linux-image-arm64:arm64", folder=folder)
    kernel = next(word for word in depends.split() if word.startswith("linux-image-") and word[12].isdigit())
    names = [f"{name}:arm64" for name in PACKAGES.split()]
    command("apt-get", "download", kernel, *names, folder=folder)
    root, image = folder / "root", folder / "kernel"
    for package in sorted(folder.glob("*.deb")):
        into = image if package.name.startswith("linux-image") else root
        command("dpkg-deb", "-x", str(package), str(into), folder=folder)
    return next((image / "boot").glob("vmlinuz-*")), root


def furnished(root: Path) -> None:
    """Put in this checkout, the modules it needs and what the machine does when it starts."""
    site = root / "site"
    shutil.copytree(ROOT / "core", site / "burnish")
    for name in ("environments", "policies"):
        shutil.copytree(ROOT / name, site / "burnish" / name)
    for name in MODULES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        source = Path(spec.origin)
        if source.name == "__init__.py":
            shutil.copytree(source.parent, site / name)
        else:
            shutil.copy(source, site)
    for name in COMMANDS:
        (root / "bin" / name).symlink_to("busybox")
    for name in ("proc", "sys", "dev", "tmp", "root", "etc"):
        (root / name).mkdir(exist_ok=True)
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "check.py").write_text(CHECK)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)


def packed(root: Path) -> Path:
    names = "\n".join(str(path.relative_to(root)) for path in [root, *sorted(root.rglob("*"))])
    archive = subprocess.run(
        ["cpio", "-o", "-H", "newc"], cwd=root, input=names.encode(), capture_output=True, check=True
    )
    disk = root.with_name("disk.gz")
    disk.write_bytes(gzip.compress(archive.stdout, 1))
    return disk


def booted(kernel: Path, disk: Path, seconds: float) -> str:
    """What the machine printed."""
    machine = [
        *("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-m", "2048", "-nic", "none", "-nographic"),
        *("-no-reboot", "-kernel", str(kernel), "-initrd", str(disk), "-append", "console=ttyAMA0 quiet panic=-1"),
    ]
    done = subprocess.run(
        machine, capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
    )
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=900, help="most seconds the machine may take")
    options = parser.parse_args()
    missing = [name for name in ("qemu-system-aarch64", "cpio", "dpkg-deb", "apt-get") if not shutil.which(name)]
    if missing:
        sys.exit(f"lacks {', '.join(missing)}; see the head of {Path(__file__).name}")
    with tempfile.TemporaryDirectory() as scratch:
        kernel, root = fetched(Path(scratch))
        furnished(root)
        said = booted(kernel, packed(root), options.seconds)
    print(said)
    if "ANSWER jail, which held" not in said:
        sys.exit("the jail did not hold, or the machine came to no end")


if __name__ == "__main__":
    main()
