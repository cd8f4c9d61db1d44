"""What is installed is pinned, hashed, and says nothing about the machine that pinned it."""

import re

import pytest
from django.conf import settings

LOCKS = ["requirements.txt", "requirements-dev.txt"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_its_hashes(name):
    text = (settings.BASE_DIR / name).read_text(encoding="utf-8")
    packages = re.split(r"\n(?=[a-zA-Z0-9])", text[text.index("\n\n") if "\n\n" in text else 0 :])
    packages = [package for package in packages if re.match(r"[a-zA-Z0-9]", package)]

    assert len(packages) > 50
    assert [package for package in packages if "==" not in package] == []
    assert [package for package in packages if "--hash=sha256:" not in package] == []


@pytest.mark.parametrize("name", [*LOCKS, "requirements/base.in", "requirements/dev.in"])
def test_no_host_or_path_is_in_it(name):
    text = (settings.BASE_DIR / name).read_text(encoding="utf-8")

    assert (
        re.findall(r"^.*(?:https?:|file:|--index|--find-links|/tmp|/home|/root).*$", text, re.M)
        == []
    )


def test_development_uses_the_same_versions_as_running():
    def pins(name):
        text = (settings.BASE_DIR / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([a-zA-Z0-9._-]+==[^ ;\\]+)", text, re.M))

    assert pins("requirements.txt") - pins("requirements-dev.txt") == set()
