"""The modules of the project: those that host compiled in, found as Python finds them on `sys.path`."""

from __future__ import annotations

import importlib.machinery
import re
import sys
import types
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec

from .document import Document, joined


_NO_WORD = re.compile(r"\W")


class ProjectFinder:
    """Finds and loads the modules in a document."""

    def __init__(self, document: Document) -> None:
        self._files: dict[str, str] = {}
        # At last what env.py puts there itself in most projects that do.
        self._paths = tuple(dict.fromkeys((*document.paths, "", document.script_location)))
        self._folders: set[str] = set()
        #: A file and its code, where it was compiled before it is loaded.
        self._ahead: tuple[str, types.CodeType] | None = None
        self.add(document.files)

    def add(self, files: dict[str, str]) -> None:
        """Knows more files."""
        new = [path for path in files if path not in self._files]
        self._folders.update(path[:place] for path in new for place, letter in enumerate(path) if letter == "/")
        self._files.update(files)

    def agrees_with(self, files: dict[str, str]) -> bool:
        """Whether none of these is known with another text."""
        return all(self._files.get(path, text) == text for path, text in files.items())

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        tail = name.rpartition(".")[2]
        for folder in self._paths if path is None else path:
            base = joined(folder, tail)
            for file, is_package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
                if file in self._files:
                    return self._spec(name, file, base if is_package else None)
            if base in self._folders and path is not None:
                return _namespace(name, base)
        if path is None:
            return self._top_namespace(name)
        return None

    def _top_namespace(self, name: str) -> ModuleSpec | None:
        """A folder without `__init__.py`, unless something that is installed has its name, as with Alembic's own folder."""
        if name in sys.modules or name in _INSTALLED:
            return None
        base = next((joined(path, name) for path in self._paths if joined(path, name) in self._folders), None)
        return None if base is None else _namespace(name, base)

    def _spec(self, name: str, file: str, folder: str | None) -> ModuleSpec:
        spec = ModuleSpec(name, self, origin=file, is_package=folder is not None)  # type: ignore[arg-type]
        spec.has_location = True
        if folder is not None:
            spec.submodule_search_locations = [folder]
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        file = str(module.__spec__.origin)  # type: ignore[union-attr]
        exec(compiled(file, self._files[file]), module.__dict__)

    def get_source(self, name: str) -> str | None:
        """For tracebacks, which look at the lines only when they show them."""
        return self._files.get(str(getattr(sys.modules.get(name), "__file__", "")))

    def load(self, name: str, file: str) -> types.ModuleType:
        """Runs a file as Alembic runs env.py and revisions: a module that nothing else finds."""
        module = types.ModuleType(name)
        spec = self._spec(name, file, None)
        module.__spec__, module.__loader__, module.__file__ = spec, self, file  # type: ignore[assignment]
        sys.modules[name] = module
        exec(self._code(file), module.__dict__)
        return module

    def compile_ahead(self, file: str) -> None:
        """Compiles a file that will be loaded next."""
        self._ahead = file, compiled(file, self._files[file])

    def _code(self, file: str) -> types.CodeType:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == file:
            return ahead[1]
        return compiled(file, self._files[file])

    def load_revision(self, file: str) -> types.ModuleType:
        """Runs a revision, under the name that Alembic gives it."""
        return self.load(_NO_WORD.sub("_", file.rpartition("/")[2].removesuffix(".py")), file)

    def top_level(self) -> set[str]:
        """The names that the project has on its path."""
        names = set()
        for path in self._paths:
            prefix = joined(path, "")
            for file in self._files:
                if file.startswith(prefix):
                    names.add(file[len(prefix) :].partition("/")[0].removesuffix(".py"))
        return names


def _namespace(name: str, base: str) -> ModuleSpec:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [base]
    return spec


def compiled(file: str, source: str) -> types.CodeType:
    """The code of a file, with the line in a mistake."""
    with warnings.catch_warnings():
        # Whether "\d" will be an error one day is nothing for the log of a deploy.
        warnings.simplefilter("ignore")
        try:
            return compile(source, file, "exec", dont_inherit=True)
        except SyntaxError as error:
            if error.text is None and error.lineno is not None:
                error.text = dict(enumerate(source.splitlines(), 1)).get(error.lineno)
            raise


#: The modules of the runtime itself. A project may have some of the same names.
INTERNAL = frozenset(
    {"bindings", "host", "host_alembic", "host_sqlalchemy", "packages", "refusals", "report", "script", "standard_library", "streams"}
)
#: What the runtime is made of, which a project's folder never hides.
_INSTALLED: set[str] = set()


def remember_installed() -> None:
    """When everything is imported: what is there now is installed."""
    _INSTALLED.update(name for name in sys.modules if "." not in name)


def enter(document: Document, internal: frozenset[str]) -> ProjectFinder:
    """Lets the project's modules be found, before those with which the runtime was made."""
    finder = ProjectFinder(document)
    for name in finder.top_level() & internal:
        sys.modules.pop(name, None)
    for place, other in enumerate(sys.meta_path):
        if other is importlib.machinery.BuiltinImporter:
            sys.meta_path.insert(place, finder)  # type: ignore[arg-type]
            return finder
    sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
    return finder
