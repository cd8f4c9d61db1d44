"""Who wrote something, and under what: authors and posts, made and kept up to date in sets."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from crisis_api.lib import clock
from crisis_api.lib.records import made_by
from incidents.channels.protocol import AuthorKind, ParsedMention
from incidents.models import Account, Author, Post, Receipt

# Where a handle stands in a link: https://www.tiktok.com/@lumelle/video/748…
_HANDLE: Final = re.compile(r"https?://[^/?#]+/@?([^/?#]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sources:
    """The authors and posts that a batch names, by their ids on the network."""

    authors: dict[str, Author]
    posts: dict[str, Post]

    def author_of(self, parsed: ParsedMention) -> UUID | None:
        """Return the author's id; None where a deletion names none."""
        found = self.authors.get(parsed.author_external_id)
        return found.pk if found else None

    def post_of(self, parsed: ParsedMention) -> UUID | None:
        """Return the post's id; None where there is none."""
        found = self.posts.get(post_key(parsed))
        return found.pk if found else None


def post_key(parsed: ParsedMention) -> str:
    """Return the id of the post on its network, made of its link where only that is known."""
    if parsed.post_external_id:
        return parsed.post_external_id
    if not parsed.post_url:
        return ""
    return f"url:{hashlib.sha256(parsed.post_url.encode()).hexdigest()[:40]}"


def ensure(account: Account, parsed: Sequence[ParsedMention], *, receipt: Receipt) -> Sources:
    """Return the authors and posts of a batch, having made those that were not known."""
    authors = {each.author_external_id: each for each in parsed if each.author_external_id}
    posts = {key: each for each in parsed if (key := post_key(each))}
    common = {
        "team_id": account.team_id,
        "network": account.network,
        **made_by(receipt.actor),
    }
    return Sources(
        authors=_known_or_made(
            Author,
            common,
            {
                key: {
                    "name": each.author_name,
                    "kind": each.author_kind.value,
                    "followers": each.author_followers,
                }
                for key, each in authors.items()
            },
        ),
        posts=_known_or_made(
            Post,
            common,
            {
                key: {
                    "url": each.post_url,
                    "account": account if is_ours(account, each.post_url) else None,
                }
                for key, each in posts.items()
            },
        ),
    )


def is_ours(account: Account, url: str) -> bool:
    """Whether a post's link says that it stands on this account."""
    found = _HANDLE.match(url)
    return found is not None and found[1].casefold() == account.handle.lstrip("@").casefold()


def _known_or_made(
    model: Any, common: dict[str, Any], wanted: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return rows by their ids on the network: one query, and three more where some are new."""
    if not wanted:
        return {}
    same = model.objects.filter(team_id=common["team_id"], network=common["network"]).order_by()
    found = {row.external_id: row for row in same.filter(external_id__in=wanted)}
    # Another account of the team may bring the same ones in this instant: whoever is second takes
    # the other's rows. Sorted, so that two who insert the same ones never wait for each other.
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        rows = [model(external_id=key, **common, **wanted[key]) for key in missing]
        model.objects.bulk_create(rows, ignore_conflicts=True)
        found |= {row.external_id: row for row in same.filter(external_id__in=missing)}
    return found


def refresh(sources: Sources, news: Iterable[ParsedMention]) -> None:
    """Bring names, kinds, followers and links up to date with what is new, oldest first.

    What people wrote stays where the network says nothing: a kind that they set is kept.
    """
    authors: dict[UUID, Author] = {}
    posts: dict[UUID, Post] = {}
    for parsed in sorted(news, key=lambda each: each.written_at):
        author = sources.authors.get(parsed.author_external_id)
        if author is not None and _update_author(author, parsed):
            authors[author.pk] = author
        post = sources.posts.get(post_key(parsed))
        if post is not None and parsed.post_url and not post.url:
            post.url = parsed.post_url
            posts[post.pk] = post
    _store(Author, authors, ("name", "kind", "followers"))
    _store(Post, posts, ("url",))


def _update_author(author: Author, parsed: ParsedMention) -> bool:
    before = (author.name, author.kind, author.followers)
    author.name = parsed.author_name or author.name
    if author.kind == AuthorKind.UNKNOWN:
        author.kind = parsed.author_kind.value
    if parsed.author_followers is not None:
        author.followers = parsed.author_followers
    return before != (author.name, author.kind, author.followers)


def _store(model: Any, rows: dict[UUID, Any], columns: tuple[str, ...]) -> None:
    if not rows:
        return
    # Locked in the order of their ids first: one statement takes them in whatever order it likes.
    same = model.objects.filter(pk__in=rows).order_by("pk").select_for_update(no_key=True)
    versions = dict(same.values_list("pk", "version"))
    now = clock.now()
    for pk, row in rows.items():
        row.version = versions[pk] + 1
        row.updated_at = now
    # A third of the time that `bulk_update` takes with its CASE for each row and column.
    model.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*columns, "version", "updated_at"],
    )
