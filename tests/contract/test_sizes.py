"""What must be longer is rarely one thing."""

import ast

from tests.contract import source

LONGEST_FILE = 320
LONGEST_FUNCTION = 60


def _is_word_list(path):
    # Words of a language are data, and read best in one piece.
    return "lexicons" in path.parts


def test_files_stay_short():
    lengths = {
        source.name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in source.files()
        if not _is_word_list(path)
    }

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_functions_stay_short():
    too_long = {
        f"{source.name(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in source.files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    }

    assert too_long == {}


def test_nothing_is_called_utils():
    nameless = {"utils.py", "helpers.py", "common.py", "misc.py"}

    assert [source.name(path) for path in source.files() if path.name in nameless] == []
