import pytest

from incidents.intake.scoring import score


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Где мой заказ?"),
        ("ru", "норм"),
        ("ru", "Lumelle Glow сожгла мне лицо"),
        ("ru", "Ёлки"),
        ("en", "where is my order"),
        ("en", "ok"),
        ("en", "I bought the крем last week and it burns"),
        ("other", "Дякую, дуже гарно і смачно"),
        ("other", "Рахмет, өте жақсы"),
        ("other", "Muchas gracias por todo, muy bueno el producto"),
        ("other", "Ich bin sehr zufrieden und das ist nicht teuer"),
        ("other", "Çok güzel ama biraz pahalı"),
        ("other", "很好"),
        ("other", "😡😡😡"),
        ("other", "12345"),
        ("other", ""),
    ],
)
def test_tells_russian_and_english_from_the_rest(language, text):
    assert score(text).language == language
