"""Checks from outside: what Meta meets at the public address, handshake and signature."""

import secrets
from http import HTTPStatus

from mcp_platform.doctor.case import Chart, PublicUnreachable
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.whatsapp.signature import PROBE, sign


async def handshake(chart: Chart) -> CheckOutcome:
    """Ask for the challenge back, as Meta does when a callback is set."""
    public, case = chart.doors.public, chart.case
    if public is None:
        return CheckOutcome("public.handshake", "no_public_url")
    verify_token = case.secrets.whatsapp_webhook_verify_token
    if not verify_token:
        return CheckOutcome("public.handshake", "no_verify_token")
    details = {"url": public.url(case.webhook)}
    challenge = str(secrets.randbelow(10**10))
    try:
        answer = await public.shake_hands(
            case.webhook, verify_token=verify_token, challenge=challenge
        )
    except PublicUnreachable as error:
        if error.certificate:
            return CheckOutcome("public.handshake", "certificate", details)
        return CheckOutcome("public.handshake", "unreachable", {**details, "reason": str(error)})
    match answer.status:
        case HTTPStatus.OK if answer.body == challenge.encode():
            return CheckOutcome("public.handshake", "echoed", details)
        case HTTPStatus.OK:
            return CheckOutcome("public.handshake", "wrong_echo", details)
        case HTTPStatus.NOT_FOUND:
            return CheckOutcome("public.handshake", "not_found", details)
        case HTTPStatus.FORBIDDEN:
            return CheckOutcome("public.handshake", "refused", details)
        case status:
            return CheckOutcome("public.handshake", "answered", {**details, "status": str(status)})


async def proxies(chart: Chart) -> CheckOutcome:
    """Look whether sign-ins come from their own addresses, and not all from the proxy's."""
    if chart.doors.proxies_named:
        return CheckOutcome("public.proxies", "named")
    return CheckOutcome("public.proxies", "not_named")


async def webhook(chart: Chart) -> CheckOutcome:
    """Post what means nothing and is not kept: badly signed, then well signed."""
    public, case = chart.doors.public, chart.case
    if public is None:  # then the handshake has held this check up
        raise PublicUnreachable("PUBLIC_URL is not set", certificate=False)
    if case.tenant.status == "offboarded":
        return CheckOutcome("public.webhook", "offboarded")
    badly = sign(PROBE, app_secret=secrets.token_hex(16))
    answer = await public.post(case.webhook, body=PROBE, signature=badly)
    if answer.status != HTTPStatus.UNAUTHORIZED:
        status = str(answer.status)
        if answer.status < HTTPStatus.BAD_REQUEST:
            return CheckOutcome("public.webhook", "unsigned_taken", {"status": status})
        return CheckOutcome("public.webhook", "answered", {"status": status})
    well = sign(PROBE, app_secret=case.secrets.whatsapp_app_secret)
    answer = await public.post(case.webhook, body=PROBE, signature=well)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return CheckOutcome("public.webhook", "signed_refused")
    if answer.status != HTTPStatus.OK:
        return CheckOutcome("public.webhook", "answered", {"status": str(answer.status)})
    return CheckOutcome("public.webhook", "guarded")
