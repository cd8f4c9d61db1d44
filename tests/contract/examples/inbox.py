"""What comes in."""

from tests.contract.examples.shapes import Example, changed, listed, made, read, verb

COMMENT = {
    "account": "@lumelle",
    "external_id": "7312345678901234567",
    "text": "My skin burns since this morning, what is in it?!",
    "written_at": "2026-11-22T09:28:11Z",
    "author_id": "6800000000000000001",
    "author_name": "@marta",
    "post_id": "7300000000000000001",
    "url": "https://www.tiktok.com/@lumelle/video/7300000000000000001?comment=7312345678901234567",
}
QUESTION = {
    "external_id": "7312345678901234568",
    "text": "Where can I send it back?",
    "written_at": "2026-11-22T09:29:40Z",
    "author_name": "@olga",
}
COMPLAINT = {
    "external_id": "7312345678901234569",
    "text": "Me too, my face is red!",
    "written_at": "2026-11-22T09:29:51Z",
    "author_name": "@lena",
}
CSV = (
    "external_id,written_at,author_id,text\n"
    "7312345678901234570,2026-11-22T09:28:11Z,6800000000000000002,My skin burns!\n"
    "7312345678901234571,yesterday,6800000000000000003,Mine too\n"
)

EXAMPLES = (
    listed(
        "mentions",
        "The newest negative ones",
        query={"is_negative": "true", "ordering": "-written_at"},
    ),
    read("mentions", "mention"),
    Example("mentions_counts", "Of one incident", query={"incident": "<open>"}),
    made("mentions", "A comment", COMMENT),
    Example(
        "mentions_batch",
        "Two at once",
        body={"account": "@lumelle", "mentions": [QUESTION, COMPLAINT]},
    ),
    Example(
        "mentions_batch",
        "One of them without its time: the other is stored",
        body={
            "account": "@lumelle",
            "mentions": [QUESTION, {"author_name": "@lena", "text": "Me too"}],
        },
        name="partly",
    ),
    Example(
        "mentions_upload",
        "A table from a spreadsheet",
        query={"account": "@lumelle"},
        body=CSV,
        content_type="text/csv",
    ),
    changed(
        "mentions",
        "mention",
        "To be answered by the evening",
        {"answer_by": "2026-11-22T18:00:00Z"},
    ),
    verb("mentions_attach", "lonely_mention", "It belongs to the crisis", {"incident": "<open>"}),
    verb("mentions_detach", "mention", "It has nothing to do with it"),
    Example("mentions_inbox", "What is most pressing", query={"page_size": "1"}),
    verb("mentions_lease", "mention", "I answer this one"),
    verb("mentions_release", "mention", "Somebody else may"),
    verb("mentions_handle", "mention", "It was answered", {"outcome": "answered"}),
    verb("mentions_unmask", "mention", "To call her back", {"reason": "To call her back"}),
    verb(
        "mentions_hand_off",
        "mention",
        "To customer care",
        {"desk": "Customer care", "reason": "Her face is swollen."},
    ),
    listed("hand_offs", query={"status": "open"}),
    read("hand_offs", "hand_off"),
    verb("hand_offs_close", "hand_off", "They have called her"),
    verb("mentions_reopen", "handled_mention", "It was not, after all"),
    Example(
        "mentions_handle_batch",
        "Nobody need answer these",
        body={
            "mentions": ["<mention>", "<second_mention>"],
            "outcome": "no_answer_needed",
        },
    ),
    Example(
        "mentions_attach_batch",
        "They belong to the crisis",
        body={"mentions": ["<mention>", "<lonely_mention>"], "incident": "<open>"},
    ),
    Example(
        "mentions_detach_batch", "They have nothing to do with it", body={"mentions": ["<mention>"]}
    ),
    Example(
        "mentions_handled_counts",
        "What everybody did today",
        query={"handled_at__gte": "2026-11-22T00:00:00Z"},
    ),
    listed("handover_notes"),
    read("handover_notes", "handover_note"),
    made(
        "handover_notes",
        "For the night shift",
        {"team": "<team>", "text": "The laboratory answers at ten."},
    ),
    listed("claims", "Those that look like a raid", query={"ordering": "-raid_score"}),
    read("claims", "claim"),
    Example("claims_volume", "Hour by hour", path={"id": "<claim>"}),
    changed("claims", "second_claim", "Its name", {"title": "The parcels come late"}),
    verb(
        "claims_set_truth",
        "claim",
        "The laboratory has confirmed it",
        {
            "truth": "confirmed",
            "evidence_note": "Batch 0427 holds too much acid.",
            "evidence_links": ["https://lab.example/reports/17"],
        },
    ),
    verb("claims_merge", "second_claim", "They say the same", {"into": "<claim>"}),
    verb(
        "claims_split",
        "claim",
        "Some of them say something else",
        {"mention_ids": ["<claimed_mention>"], "title": "It burns children's skin"},
        status=201,
    ),
    listed("posts", query={"account": "<account>"}),
    read("posts", "post"),
    changed("posts", "post", "Its reach, by hand", {"reach": 120000}),
    listed("authors", query={"followers__gte": "1000"}),
    read("authors", "author_of_comments"),
    changed("authors", "author_of_comments", "She is a journalist", {"kind": "press"}),
    listed("accounts"),
    read("accounts", "account"),
    made(
        "accounts",
        "The brand's second account",
        {
            "team": "<team>",
            "handle": "@lumelle.kids",
            "url": "https://www.tiktok.com/@lumelle.kids",
        },
    ),
    changed("accounts", "account", "Another address", {"url": "https://www.tiktok.com/@lumelle"}),
    verb("accounts_authorize", "tiktok_account", "The address that the account holder opens"),
    verb(
        "accounts_connect",
        "telegram_account",
        "A Telegram bot, by its token",
        {"token": "12345:made-up"},
    ),
    verb("accounts_disconnect", "tiktok_account", "It was not connected"),
    verb("accounts_enable", "tiktok_account", "Replies may go out", {"what": "replies"}),
    verb("accounts_disable", "tiktok_account", "Nothing is published", {"what": "publishing"}),
    listed("receipts", query={"status": "new"}),
    read("receipts", "receipt"),
)
