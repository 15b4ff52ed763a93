"""What pyproject.toml cannot say: a wheel carries the firmware's sources and the default boards.yaml in the package."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

_ROOT = Path(__file__).resolve().parent
_BUILT = {"build", "__pycache__"}


def _carried() -> list[Path]:
    sources = (path.relative_to(_ROOT) for path in (_ROOT / "firmware").rglob("*") if path.is_file())
    return [Path("boards.yaml"), *sorted(path for path in sources if not _BUILT & set(path.parts))]


class BuildPy(build_py):
    """Copies them; an editable install reads those of the checkout."""

    def run(self) -> None:  # noqa: D102 - setuptools calls it
        super().run()
        if not self.editable_mode:
            for path in _carried():
                target = self._target(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                self.copy_file(str(_ROOT / path), str(target))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:  # noqa: D102 - setuptools calls it
        more = [] if self.editable_mode else [str(self._target(path)) for path in _carried()]
        return [*super().get_outputs(include_bytecode), *more]

    def _target(self, path: Path) -> Path:
        return Path(self.build_lib) / "rig" / "_carried" / path


setup(cmdclass={"build_py": BuildPy})
