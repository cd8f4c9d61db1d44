import time

import pytest

from responses.status_page import plain_text


def paragraph(inner):
    return f'<p dir="auto"><bdi>{inner}</bdi></p>'


def link(address):
    return f'<a href="{address}" rel="nofollow noopener">{address}</a>'


def test_blank_lines_part_paragraphs_and_line_ends_stay():
    assert plain_text.paragraphs("\n\nOne\nline\n \n\nTwo\n") == "\n".join(
        [paragraph("One<br>\nline"), paragraph("Two")]
    )


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg/onload=alert(1)>',
        "</bdi></p><iframe src=//evil>",
        "&lt;script&gt;",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "{{ 7 * 7 }} {% debug %}",
        "<!--",
        "]]>",
    ],
)
def test_nothing_written_becomes_markup(attack):
    html = plain_text.paragraphs(attack)
    inner = html.removeprefix('<p dir="auto"><bdi>').removesuffix("</bdi></p>")

    assert "<" not in inner
    assert ">" not in inner
    assert "href" not in inner


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example", link("https://a.example")),
        ("HTTP://A.example/x", link("HTTP://A.example/x")),
        ("See https://a.example/x.", f"See {link('https://a.example/x')}."),
        ("(https://a.example/x)", f"({link('https://a.example/x')})"),
        ("https://a.example/x_(y)", link("https://a.example/x_(y)")),
        ("https://a.example/?a=1&b=2", link("https://a.example/?a=1&amp;b=2")),
        ("«https://a.example/x»,", f"«{link('https://a.example/x')}»,"),
        ("https://пример.рф/путь", link("https://пример.рф/путь")),
        ("https://a.example https://b.example", f"{link('https://a.example')} "
         f"{link('https://b.example')}"),
    ],
)  # fmt: skip
def test_web_addresses_become_links_without_what_stands_around_them(text, shown):
    assert plain_text.paragraphs(text) == paragraph(shown)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://a.example",
        "https://",
        "https://.",
        "mailto:a@b.example",
        "//a.example",
        "www.a.example",
    ],
)
def test_nothing_else_becomes_a_link(text):
    assert "<a" not in plain_text.paragraphs(text)


@pytest.mark.parametrize(
    "text",
    [
        'https://a.example/"onmouseover="alert(1)',
        "https://a.example/'onmouseover='alert(1)",
        "https://a.example/<script>",
        "https://a.example/`x`",
    ],
)
def test_an_address_does_not_break_out_of_its_link(text):
    html = plain_text.paragraphs(text)

    assert html.startswith(paragraph("")[: len('<p dir="auto"><bdi>')] + link("https://a.example/"))
    assert html.count("<") == len(["p", "bdi", "a", "/a", "/bdi", "/p"])


@pytest.mark.parametrize("character", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_what_turns_the_writing_is_named_and_does_nothing(character):
    name = f"U+{ord(character):04X}"
    text = f"pay{character}lap https://a.example/{character}moc"
    html = plain_text.paragraphs(text)

    assert character not in html + plain_text.line(text) + plain_text.visible(text)
    assert f'<span class="inert">{name}</span>' in html
    assert f"[{name}]" in plain_text.visible(text)
    assert link("https://a.example/") in html


@pytest.mark.parametrize(
    "text",
    [
        "https://" * 2500,
        "https://a" + ")" * 19_000,
        "https://a" + "(" * 19_000,
        "\n \n" * 6_000,
        "&<>\"'" * 4_000,
        "https://a.example/" + "." * 19_000,
    ],
)
def test_no_text_takes_long(text):
    began = time.perf_counter()
    plain_text.paragraphs(text)

    assert time.perf_counter() - began < 8
