"""Bodies as a client writes them, for the OpenAPI document: one for each that a request may have.

Owns no form; `tests/registry/test_examples.py` sees to it that each fits its own.
"""

from typing import Any, Final

from fastapi import FastAPI

_PASSWORD = "correct horse battery staple"  # noqa: S105  # nobody's
_HOURS = [{"weekday": 0, "opens": "09:00", "closes": "18:00"}]

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "ChatRequest": {"user_id": "ana", "message": "Tem horário amanhã às 10?"},
    "CreateRequest": {
        "service": "corte",
        "professional": "ze",
        "start": "2026-12-01T10:00:00-03:00",
        "user_id": "ana",
        "name": "Ana Souza",
    },
    "PreviewRequest": {"start": "2026-12-01T11:30:00-03:00"},
    "ChangeRequest": {"start": "2026-12-01T11:30:00-03:00"},
    "TakeRequest": {"over": False},
    "CannedReplyWish": {
        "title": "Endereço",
        "text": "Oi, {name}! Estamos na Rua das Flores, 12. Até {appointment}.",
    },
    "NoteRequest": {"text": "Prefere o Beto, e paga em dinheiro."},
    "SearchRequest": {"words": "estacionamento"},
    "ReplyRequest": {"text": "Oi, Ana! Aqui é o Zé. Como posso ajudar?"},
    "SignInRequest": {"email": "ana@example.com", "password": _PASSWORD},
    "RefreshRequest": {"refresh_token": "the-one-of-the-last-answer"},
    "PasswordChange": {"password": _PASSWORD, "new_password": f"another {_PASSWORD}"},
    "PasswordProof": {"password": _PASSWORD},
    "TotpProof": {"code": "123456"},
    "FreshProof": {"code": "123456"},
    "BothProofs": {"password": _PASSWORD, "code": "123456"},
    "NewUser": {"email": "bruno@example.com", "name": "Bruno Lima", "role": "operator"},
    "UserChange": {"disabled": True},
    "Examination": {"fix": True},
    "FleetJobWish": {"action": "doctor", "tenants": ["barbearia-do-ze/production"]},
    "PublicationWish": {"seen": "0" * 64},
    "ReplayWish": {"turns": ["0193f1a2-7b4c-7d11-9a55-2f6f0c1e8b90"], "effects": [42]},
    "DraftWish": {"answers": {"business_name": "Barbearia do Zé"}},
    "NewClient": {"name": "barbearia-do-ze", "business_name": "Barbearia do Zé"},
    "FleetChange": {"platform": {"host": "agenda.example.com"}},
    "ClientChange": {"business_name": "Barbearia do Zé e Filhos"},
    "NewEnvironment": {"environment": "production", "owner_whatsapp": "5511987654321"},
    "EnvironmentChange": {"horizon_days": 30, "notes": "Pix e dinheiro."},
    "NewService": {"id": "corte", "name": "Corte", "duration_minutes": 30, "price_cents": 4500},
    "ServiceChange": {"price_cents": 5000},
    "NewProfessional": {"id": "ze", "name": "Zé", "service_ids": ["corte"], "hours": _HOURS},
    "ProfessionalChange": {"service_ids": ["corte", "barba"]},
    "HoursWish": {"hours": _HOURS},
    "NewClosedDay": {"day": "2026-12-25", "reason": "Natal"},
    "NewClosedDays": {
        "days": [
            {"day": "2026-12-24", "begins": "12:00", "ends": "00:00", "bookings": "keep"},
            {"day": "2026-12-25", "reason": "Natal"},
        ]
    },
    "HolidaysChosen": {"days": ["2027-01-01", "2027-02-09"], "bookings": "ask"},
    "PhraseWish": {"wordings": ["Opa[, {name}]! Em que posso ajudar?", "Diga[, {name}]!"]},
    "TemplateWish": {"purpose": "reminder"},
    "AnswerWish": {
        "title": "Estacionamento",
        "questions": ["Tem estacionamento?", "Onde deixo o carro?"],
        "text": "Temos convênio com o estacionamento ao lado: R$ 10,00 por duas horas.",
        "translations": {
            "en": {
                "title": "Parking",
                "questions": ["Is there parking?"],
                "text": "You can park next door: R$ 10.00 for two hours.",
                "approved": True,
            }
        },
    },
    "QuestionAnswer": {
        "text": "Temos wi-fi; a senha está no balcão.",
        "save_as_answer": {"title": "Wi-Fi", "questions": ["Tem wi-fi?"]},
    },
    "QuestionMerge": {"into": "k7m2p9"},
    "ClosedDayChange": {"reason": "Férias"},
    "CredentialsReplacement": {"GEMINI_API_KEY": "AIza…", "WHATSAPP_API_TOKEN": "EAA…"},
    "CredentialsChange": {"GEMINI_API_KEY": "AIza…", "WHATSAPP_APP_ID": None},
    "ErasureConfirmation": {
        "confirm": "7d2c1c9e-5b1d-4a53-9f0e-3a1f5e1f0c11",
        "cancel_appointments": True,
    },
    "PurgeConfirmation": {"confirm": "barbearia-do-ze/production"},
}


def with_examples(app: FastAPI) -> None:
    """Have the OpenAPI document of `app` show them."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        for name, form in document.get("components", {}).get("schemas", {}).items():
            if name in EXAMPLES:
                form["examples"] = [EXAMPLES[name]]
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation says
