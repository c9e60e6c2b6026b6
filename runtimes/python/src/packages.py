"""The packages that a project adds to its runtime (`[python] requirements` in host.toml). Whoever builds the runtime puts a
module `project_packages` beside them, so that they are found. The packages themselves are loaded when the runtime is built; their
other modules and their data are kept in memory, and loaded when something asks for them."""

import importlib
import sys
import zlib
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

_MARKER = "project_packages"


class Packages:
    """Finds and loads modules of files in memory."""

    def __init__(self, folder: Path) -> None:
        # What the runtime has itself is loaded.
        files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        files = (path for path in files if path.relative_to(folder).parts[0].removesuffix(".py") not in sys.modules)
        self._files = {path.relative_to(folder).as_posix(): zlib.compress(path.read_bytes()) for path in files}
        self._folders = {parent.as_posix() for path in self._files for parent in Path(path).parents}

    def top_level(self) -> list[str]:
        """The names of the packages and of the modules that are in none."""
        modules = {path.removesuffix(".py") for path in self._files if "/" not in path and path.endswith(".py")}
        packages = {path.removesuffix("/__init__.py") for path in self._files if path.endswith("/__init__.py")}
        return sorted(modules - {_MARKER} | {name for name in packages if "/" not in name})

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        base = name.replace(".", "/")
        for file, is_package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
            if file in self._files:
                spec = ModuleSpec(name, self, origin=file, is_package=is_package)  # type: ignore[arg-type]
                spec.has_location = True
                if is_package:
                    spec.submodule_search_locations = [base]
                return spec
        if base not in self._folders or not base.isidentifier() and "/" not in base:
            return None
        # A folder without a file of its own is a namespace.
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [base]
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.get_code(module.__name__), module.__dict__)

    def get_code(self, name: str) -> CodeType:
        file = self.get_filename(name)
        return compile(self.get_data(file), file, "exec", dont_inherit=True)

    def get_source(self, name: str) -> str:
        """For tracebacks, which show the lines of a package as on a developer's machine."""
        return self.get_data(self.get_filename(name)).decode()

    def get_filename(self, name: str) -> str:
        spec = self.find_spec(name)
        if spec is None or spec.origin is None:
            raise ImportError(f"there is no module '{name}'", name=name)
        return spec.origin

    def is_package(self, name: str) -> bool:
        return self.get_filename(name).endswith("/__init__.py")

    def get_data(self, path: str) -> bytes:
        """What a package has beside its modules, by `pkgutil.get_data`."""
        try:
            return zlib.decompress(self._files[path])
        except KeyError:
            raise FileNotFoundError(f"there is no file '{path}' in the packages") from None


def load() -> None:
    """Imports the packages, if there are any."""
    try:
        marker = importlib.import_module(_MARKER)
    except ModuleNotFoundError:
        return
    packages = Packages(Path(str(marker.__file__)).parent)
    del sys.modules[_MARKER]
    sys.meta_path.insert(0, packages)  # type: ignore[arg-type]
    for name in packages.top_level():
        importlib.import_module(name)
