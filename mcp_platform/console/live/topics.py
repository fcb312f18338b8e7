"""What a page can look at, and which changes concern it.

A topic is called by the path of its page: `attention`, `t/<client>/<environment>/agenda`,
`…/conversations`, `…/conversations/<contact>`.
"""

from typing import Final, NamedTuple
from uuid import UUID

EVERY_TENANT: Final = 0


class TopicKey(NamedTuple):
    """What is looked at: of one tenant, or of all; of one contact, or of all."""

    page: str
    tenant_id: int = EVERY_TENANT
    contact_id: UUID | None = None


ATTENTION: Final = TopicKey("attention")


def concerned(notice: str) -> tuple[TopicKey, ...]:
    """Return what a notice of the triggers concerns: `<tenant id> <what changed> [<contact id>]`.

    One that is not understood concerns nobody: a later release may write others.
    """
    match notice.split(" ") if notice.isascii() else ():
        case [number, "messages", contact] if number.isdecimal():
            tenant_id = int(number)
            return (ATTENTION, TopicKey("conversations", tenant_id), *_thread(tenant_id, contact))
        case [number, "appointments", contact] if number.isdecimal():
            tenant_id = int(number)
            return (ATTENTION, TopicKey("agenda", tenant_id), *_thread(tenant_id, contact))
        case [number, "waiting"] if number.isdecimal():
            return (ATTENTION,)
        case _:
            return ()


def _thread(tenant_id: int, contact: str) -> tuple[TopicKey, ...]:
    try:
        return (TopicKey("conversations", tenant_id, UUID(contact)),)
    except ValueError:
        return ()
