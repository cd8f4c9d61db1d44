"""Keys are made once, kept private, and the same for every process."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from crisis_api.settings import kept


def test_prefers_the_environment(tmp_path):
    assert kept.secret("given", tmp_path / "key", kept.random_text) == "given"
    assert not (tmp_path / "key").exists()


def test_is_made_once_and_used_again(tmp_path):
    first = kept.secret("", tmp_path / "var" / "key", kept.random_text)

    assert len(first) >= 60
    assert kept.secret("", tmp_path / "var" / "key", kept.random_text) == first


def test_is_readable_by_its_owner_only(tmp_path):
    kept.secret("", tmp_path / "key", kept.random_text)

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_is_the_same_for_all_that_start_at_once(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        secrets = pool.map(lambda _: kept.secret("", tmp_path / "key", kept.random_text), range(64))

    assert len(set(secrets)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_key_for_fields_is_one_that_fernet_takes():
    Fernet(kept.fernet_key())


@pytest.mark.parametrize("folder", ["a", "b"])
def test_each_data_folder_has_a_socket_of_its_own(tmp_path, folder):
    assert kept.socket_path(tmp_path / folder) != kept.socket_path(tmp_path / "c")
