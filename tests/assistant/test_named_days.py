"""Which day words plainly name, and where they say nothing."""

from datetime import date

from mcp_platform.assistant.named_days import NamedDay, named_day

TODAY = date(2026, 11, 27)  # a Friday
SATURDAY, SUNDAY = date(2026, 11, 28), date(2026, 11, 29)
MON, FRI = 0, 4


def named(*texts: str) -> NamedDay | None:
    return named_day((text, TODAY) for text in texts)


def test_what_is_plain_is_read_in_three_languages() -> None:
    weekday = {
        "sexta": FRI,
        "na sexta às 10": FRI,
        "sexta-feira depois das 14h": FRI,
        "tem vaga na próxima sexta?": FRI,
        "Friday at 10": FRI,
        "el viernes a las 10": FRI,
        "segunda de manhã": MON,
        "no sábado": 5,
    }
    wrong = {
        text: named(text) for text, day in weekday.items() if named(text) != NamedDay(weekday=day)
    }
    exact = {
        "hoje ainda dá?": TODAY,
        "amanhã de manhã": SATURDAY,
        "depois de amanhã às 9": SUNDAY,
        "hay lugar mañana por la mañana?": SATURDAY,
        "pasado mañana": SUNDAY,
        "the day after tomorrow": SUNDAY,
    }
    wrong |= {
        text: named(text) for text, day in exact.items() if named(text) != NamedDay(exact=day)
    }
    assert not wrong


def test_where_words_are_not_plain_they_name_nothing() -> None:
    texts = (
        *("sexta ou sábado", "sexta não posso", "n posso sexta", "no puedo el viernes"),
        *("depois de sexta", "a partir de sexta", "antes da sexta", "until friday"),
        *("por la mañana", "de manhã", "quero a segunda", "a segunda opção", "segunda vez aí"),
        *("vi hoje o anúncio, tem dia 10?", "sexta ou dia 5", "amanhã não, 5/12"),
        *("semana que vem", "cancela sexta e marca quinta", "oi", "", "às 10", "dia 5"),
    )
    assert not {text: day for text in texts if (day := named(text)) is not None}
    assert named("sexta", "ou sábado") is None
    assert named("sexta", "às 10") == NamedDay(weekday=FRI)


def test_a_number_beside_the_weekday_counts_and_an_hour_does_not() -> None:
    assert named("sexta, dia 4") == NamedDay(weekday=FRI, number=4)
    assert named("sexta-feira 4/12 às 10") == NamedDay(weekday=FRI, number=4)
    assert named("sexta 10h") == NamedDay(weekday=FRI)


def test_days_that_may_be_meant_are_the_nearest_and_two_where_words_contradict() -> None:
    assert NamedDay(weekday=FRI).nearest(TODAY) == {TODAY}
    assert NamedDay(exact=SUNDAY).nearest(TODAY) == {SUNDAY}
    contradicting = NamedDay(weekday=FRI, number=5)  # the fifth is a Saturday
    assert contradicting.nearest(SATURDAY) == {date(2026, 12, 4), date(2026, 12, 5)}
    assert not any(contradicting.fits(day) for day in contradicting.nearest(SATURDAY))
