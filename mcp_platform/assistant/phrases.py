"""The platform's own sentences, in each language. Facts go in by name; nothing else is said."""

from dataclasses import dataclass, fields

from mcp_platform.tenants.tenant import Article, Kind


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language. Buttons have at most 20 characters, list rows and labels at most 24."""

    hello: str
    help: str
    booked: str
    moved: str
    cancelled: str
    taken: str
    slots: str
    closed: str
    full: str
    out_of_range: str
    no_slots: str
    no_days: str
    calendar_closed: str
    limit_reached: str
    unknown_appointment: str
    expired: str
    mine: str
    none_mine: str
    handed_over: str
    text_only: str
    unreadable: str
    one_not_text: str
    one_unreadable: str
    which_service: str
    which_professional: str
    which_day: str
    which_of_days: str
    or_: str
    which_of_them: str
    this_one_too: str
    both_of_them: str
    all_of_them: str
    changed_meanwhile: str
    which_time: str
    move_or_cancel: str
    sure_cancel: str
    see_times: str
    see_options: str
    any_professional: str
    more_times: str
    more_days: str
    more_services: str
    more_professionals: str
    button_book: str
    button_mine: str
    button_person: str
    button_move: str
    button_cancel: str
    button_yes_cancel: str
    button_keep: str
    address: str
    phone: str
    hours: str
    services: str

    @property
    def every(self) -> tuple[str, str]:
        """What stands on the choice of all that is shown."""
        return self.both_of_them, self.all_of_them


_PT = Phrases(
    hello="Olá! Sou o assistente {of_business}. 😊",
    help="Posso marcar, remarcar ou cancelar um horário. O que você prefere?",
    booked="✅ Agendado: {appointment}.",
    moved="✅ Remarcado: {appointment}.",
    cancelled="❌ Cancelado: {appointment}.",
    taken="Esse horário não está mais livre.",
    slots="Estes são os horários livres:",
    closed="Não atendemos nesse período.",
    full="Não há mais horários livres nesse período.",
    out_of_range="Não marcamos horários para esse período.",
    no_slots="Não encontrei outros horários próximos.",
    no_days="Não há dias livres por enquanto.",
    calendar_closed="No momento não consigo ver a agenda, e por isso não posso marcar. Já avisei a"
    " equipe; tente de novo daqui a pouco, por favor.",
    limit_reached="Você já tem {limit} horários marcados, que é o máximo por pessoa. Para marcar"
    " outro, cancele um deles ou fale com a equipe.",
    unknown_appointment="Não encontrei esse agendamento entre os seus.",
    expired="Essa opção não vale mais.",
    mine="Seus próximos horários:",
    none_mine="Você não tem horários marcados.",
    handed_over="Combinado: daqui em diante quem responde é uma pessoa da equipe.",
    text_only="Por enquanto só entendo mensagens de texto. Pode escrever o que você precisa?",
    unreadable="Não consegui abrir essa mensagem. Pode enviar de novo?",
    one_not_text="Uma das suas mensagens não era de texto, e essa eu não entendi. Pode escrever o que"
    " ela diz?",
    one_unreadable="Uma das suas mensagens eu não consegui abrir. Pode enviar de novo?",
    which_service="Qual serviço você quer?",
    which_professional="Com quem você prefere?",
    which_day="Para qual dia?",
    which_of_days="Só para confirmar o dia: {days}?",
    or_=" ou ",
    which_of_them="Qual destes você quer?",
    this_one_too="Quer marcar também este?",
    both_of_them="Os dois",
    all_of_them="Todos",
    changed_meanwhile="Esse horário mudou nesse meio-tempo.",
    which_time="Qual horário?",
    move_or_cancel="{appointment}. O que você quer fazer?",
    sure_cancel="Quer mesmo cancelar? {appointment}.",
    see_times="Ver horários",
    see_options="Ver opções",
    any_professional="Tanto faz",
    more_times="Mais horários",
    more_days="Mais dias",
    more_services="Mais serviços",
    more_professionals="Mais profissionais",
    button_book="Agendar",
    button_mine="Meus horários",
    button_person="Falar com a equipe",
    button_move="Remarcar",
    button_cancel="Cancelar",
    button_yes_cancel="Sim, cancelar",
    button_keep="Não, manter",
    address="📍 {value}",
    phone="📞 {value}",
    hours="🕒 Horários: {value}",
    services="{icon} Serviços:",
)
_EN = Phrases(
    hello="Hello! I'm the assistant {of_business}. 😊",
    help="I can book, move or cancel an appointment. What would you like?",
    booked="✅ Booked: {appointment}.",
    moved="✅ Moved: {appointment}.",
    cancelled="❌ Cancelled: {appointment}.",
    taken="That time is no longer free.",
    slots="These times are free:",
    closed="We are closed in that period.",
    full="There are no free times left in that period.",
    out_of_range="We don't take bookings for that period.",
    no_slots="I found no other times nearby.",
    no_days="There are no free days for now.",
    calendar_closed="I can't see the calendar right now, so I can't book. The team has been told;"
    " please try again in a little while.",
    limit_reached="You already have {limit} appointments, the most one person can have. To book"
    " another, cancel one of them or talk to the team.",
    unknown_appointment="I couldn't find that appointment among yours.",
    expired="That option is no longer valid.",
    mine="Your next appointments:",
    none_mine="You have no appointments.",
    handed_over="All right: from here on a person from the team will answer.",
    text_only="For now I only understand text messages. Could you write what you need?",
    unreadable="I could not open that message. Could you send it again?",
    one_not_text="One of your messages was not text, and I did not understand it. Could you write"
    " what it says?",
    one_unreadable="One of your messages I could not open. Could you send it again?",
    which_service="Which service would you like?",
    which_professional="Who would you prefer?",
    which_day="For which day?",
    which_of_days="Just to be sure of the day: {days}?",
    or_=" or ",
    which_of_them="Which of these would you like?",
    this_one_too="Would you like this one too?",
    both_of_them="Both",
    all_of_them="All of them",
    changed_meanwhile="That appointment has changed in the meantime.",
    which_time="What time?",
    move_or_cancel="{appointment}. What would you like to do?",
    sure_cancel="Do you really want to cancel? {appointment}.",
    see_times="See times",
    see_options="See options",
    any_professional="Anyone",
    more_times="More times",
    more_days="More days",
    more_services="More services",
    more_professionals="More professionals",
    button_book="Book",
    button_mine="My appointments",
    button_person="Talk to the team",
    button_move="Move",
    button_cancel="Cancel",
    button_yes_cancel="Yes, cancel",
    button_keep="No, keep it",
    address="📍 {value}",
    phone="📞 {value}",
    hours="🕒 Hours: {value}",
    services="{icon} Services:",
)
_ES = Phrases(
    hello="¡Hola! Soy el asistente {of_business}. 😊",
    help="Puedo agendar, cambiar o cancelar una cita. ¿Qué prefiere?",
    booked="✅ Agendado: {appointment}.",
    moved="✅ Cambiado: {appointment}.",
    cancelled="❌ Cancelado: {appointment}.",
    taken="Ese horario ya no está libre.",
    slots="Estos son los horarios libres:",
    closed="No atendemos en ese período.",
    full="No quedan horarios libres en ese período.",
    out_of_range="No tomamos citas para ese período.",
    no_slots="No encontré otros horarios cercanos.",
    no_days="No hay días libres por ahora.",
    calendar_closed="En este momento no puedo ver la agenda, y por eso no puedo agendar. Ya avisé"
    " al equipo; intente de nuevo en un rato, por favor.",
    limit_reached="Ya tiene {limit} citas, el máximo por persona. Para agendar otra, cancele una"
    " de ellas o hable con el equipo.",
    unknown_appointment="No encontré esa cita entre las suyas.",
    expired="Esa opción ya no es válida.",
    mine="Sus próximas citas:",
    none_mine="No tiene citas.",
    handed_over="De acuerdo: desde ahora responde una persona del equipo.",
    text_only="Por ahora solo entiendo mensajes de texto. ¿Puede escribir lo que necesita?",
    unreadable="No pude abrir ese mensaje. ¿Puede enviarlo de nuevo?",
    one_not_text="Uno de sus mensajes no era de texto, y ese no lo entendí. ¿Puede escribir lo que"
    " dice?",
    one_unreadable="Uno de sus mensajes no lo pude abrir. ¿Puede enviarlo de nuevo?",
    which_service="¿Qué servicio quiere?",
    which_professional="¿Con quién prefiere?",
    which_day="¿Para qué día?",
    which_of_days="Solo para confirmar el día: ¿{days}?",
    or_=" o ",
    which_of_them="¿Cuál de estos quiere?",
    this_one_too="¿Quiere agendar también este?",
    both_of_them="Los dos",
    all_of_them="Todos",
    changed_meanwhile="Esa cita cambió mientras tanto.",
    which_time="¿Qué horario?",
    move_or_cancel="{appointment}. ¿Qué quiere hacer?",
    sure_cancel="¿De verdad quiere cancelar? {appointment}.",
    see_times="Ver horarios",
    see_options="Ver opciones",
    any_professional="Me da igual",
    more_times="Más horarios",
    more_days="Más días",
    more_services="Más servicios",
    more_professionals="Más profesionales",
    button_book="Agendar",
    button_mine="Mis citas",
    button_person="Hablar con alguien",
    button_move="Cambiar",
    button_cancel="Cancelar",
    button_yes_cancel="Sí, cancelar",
    button_keep="No, mantener",
    address="📍 {value}",
    phone="📞 {value}",
    hours="🕒 Horarios: {value}",
    services="{icon} Servicios:",
)
_ALL = {"pt-BR": _PT, "en": _EN, "es": _ES}


_OF = {
    "pt-BR": {"o": "do", "a": "da", "os": "dos", "as": "das", None: "de"},
    "es": {"o": "del", "a": "de la", "os": "de los", "as": "de las", None: "de"},
}
_ICONS: dict[Kind | None, str] = {
    "barber": "✂️",
    "salon": "💇",
    "nails": "💅",
    "massage": "💆",
    "clinic": "🩺",
    "dentist": "🦷",
    "pets": "🐾",
}


def of_business(name: str, *, article: Article | None, language: str) -> str:
    """Return whose something is: `da Barbearia do Zé`, `del Salón`, `of Studio 9`."""
    if language == "en":
        return f"of {name}"
    return f"{_OF.get(language, _OF['pt-BR'])[article]} {name}"


def icon(kind: Kind | None) -> str:
    """Return what stands before the services of such a business."""
    return _ICONS.get(kind, "📋")


def phrases(language: str) -> Phrases:
    """Return our sentences in a language; Portuguese where we have none."""
    return _ALL.get(language, _PT)


def every_phrase() -> list[str]:
    """Return all sentences of all languages, for the tests that measure them."""
    return [getattr(each, field.name) for each in _ALL.values() for field in fields(each)]
