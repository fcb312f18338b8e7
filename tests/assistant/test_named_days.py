"""Which day words plainly name, and where they say nothing."""

from datetime import date, timedelta

from mcp_platform.assistant.named_days import NamedDay, day_changed, named_day

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
        "sab às 10": 5,
        "sáb. de manhã": 5,
        "tem vaga 6ª feira?": FRI,
        "na 6a à tarde": FRI,
        "2a feira": MON,
        "Fri at 10": FRI,
        "el vie. a las 10": FRI,
        "thurs please": 3,
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
        *("semana que vem", "cancela sexta e marca quinta", "oi", "", "às 10"),
        *("vai ter vaga?", "a 2a opção", "quero a 3a", "the 2nd one", "I sat there", "1/2 hora"),
        *("dia 5 ou 6", "5 ou 6 de dezembro", "do dia 5 ao 8", "depois do dia 5", "até o dia 5"),
        *(
            "às dez e 30",
            "5 pessoas",
            "tenho 5",
            "el 5",
            "24 horas",
            "dia 45",
            "meu número é 11/98",
        ),
    )
    assert not {text: day for text in texts if (day := named(text)) is not None}
    assert named("sexta", "ou sábado") is None
    assert named("sexta", "às 10") == NamedDay(weekday=FRI)


def test_a_date_is_read_in_three_languages() -> None:
    fifth, december = NamedDay(number=5), NamedDay(number=5, month=12)
    texts = {
        "tem vaga dia 5?": fifth,
        "el día 5 a las 10": fifth,
        "the 5th at 10": fifth,
        "dia 5 de dezembro às 15h": december,
        "5/12 às 10": december,
        "on December 5th": december,
        "Dec 5 at 10am": december,
        "the 5th of December": december,
        "el 5 de diciembre": december,
    }
    assert not {text: named(text) for text, day in texts.items() if named(text) != day}
    assert named_day([("5/12 at 10", TODAY)], day_first=False) is None
    assert fifth.nearest(TODAY) == december.nearest(TODAY) == {date(2026, 12, 5)}
    assert december.fits(date(2026, 12, 5))
    assert not december.fits(date(2027, 1, 5))


def test_whether_the_day_has_changed_since_tomorrow_was_said() -> None:
    yesterday = TODAY - timedelta(days=1)
    assert day_changed([("tem amanhã?", yesterday), ("às 10", yesterday)], today=TODAY)
    assert not day_changed([("tem amanhã?", yesterday), ("na sexta então", yesterday)], today=TODAY)
    assert not day_changed([("tem amanhã?", yesterday), ("e hoje?", TODAY)], today=TODAY)
    assert not day_changed([("oi", yesterday)], today=TODAY)


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
