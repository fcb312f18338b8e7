"""`/api/v1/auth`: signing in and out, and one's own account."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from mcp_platform.access.account import OwnAccount
from mcp_platform.access.guard import (
    AUTH_API,
    FRESH_FOR,
    AdminGuard,
    SignedInUser,
    client_address,
    signed_in,
)
from mcp_platform.access.shapes import (
    MOST_BYTES,
    BothProofs,
    EnrolmentOut,
    FreshProof,
    PasswordChange,
    PasswordProof,
    RecoveryCodesOut,
    RefreshRequest,
    SignInRequest,
    TokensOut,
    TotpProof,
    UserOut,
)
from mcp_platform.access.sign_ins import SignIns
from mcp_platform.kit.http import bodies_up_to, problems

TOTP_REQUIRED = {
    "totp_required": {
        "type": "boolean",
        "description": "True: the password is right, and a one-time code is missing.",
    }
}


def auth_router(sign_ins: SignIns, account: OwnAccount, guard: AdminGuard) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=AUTH_API, tags=["auth"], route_class=bodies_up_to(MOST_BYTES))
    _tokens(router, sign_ins, guard)
    _account(router, account, guard)
    return router


def _tokens(router: APIRouter, sign_ins: SignIns, guard: AdminGuard) -> None:
    @router.post(
        "/token",
        summary="Sign in",
        responses=problems(401, 413, 422, 429, 503, s401=TOTP_REQUIRED),
    )
    async def sign_in(body: SignInRequest, request: Request) -> TokensOut:
        issued = await sign_ins.begin(
            email=body.email,
            password=body.password,
            code=body.totp,
            address=client_address(request),
        )
        return TokensOut.of(issued)

    @router.post(
        "/refresh",
        summary="Exchange a refresh token for the next tokens",
        description="A refresh token is good once. One that comes again has been copied: the"
        " sign-in ends, for everybody who holds tokens of it.",
        responses=problems(401, 413, 422, 503),
    )
    async def refresh_tokens(body: RefreshRequest, request: Request) -> TokensOut:
        issued = await sign_ins.refresh(body.refresh_token, address=client_address(request))
        return TokensOut.of(issued)

    @router.post(
        "/sign-out",
        status_code=204,
        summary="End this sign-in: none of its tokens is good any more",
        responses=problems(401, 413, 503),
    )
    async def sign_out(user: Annotated[SignedInUser, Depends(signed_in(guard))]) -> None:
        await sign_ins.end(user)


def _account(router: APIRouter, account: OwnAccount, guard: AdminGuard) -> None:
    User = Annotated[SignedInUser, Depends(signed_in(guard))]  # noqa: N806  # a type

    @router.get("/me", summary="Who is signed in", responses=problems(401, 404, 413, 503))
    async def read_me(user: User) -> UserOut:
        return UserOut.of(await account.me(user))

    @router.post(
        "/prove",
        status_code=204,
        summary="Prove again who is signed in",
        description="Users, credentials, exports, off-boarding and erasing ask for a password or a"
        f" code of the last {FRESH_FOR.total_seconds() / 60:.0f} minutes; signing in counts.",
        responses=problems(401, 413, 422, 429, 503),
    )
    async def prove_again(body: FreshProof, user: User) -> None:
        await account.prove_again(user, password=body.password, code=body.code)

    @router.post(
        "/password",
        status_code=204,
        summary="Change the own password, and sign out everywhere else",
        responses=problems(401, 413, 422, 429, 503),
    )
    async def change_password(body: PasswordChange, user: User) -> None:
        await account.change_password(user, current=body.password, new=body.new_password)

    @router.post(
        "/totp",
        summary="Begin with one-time codes: a secret for an authenticator",
        responses=problems(401, 409, 413, 422, 429, 503),
    )
    async def enrol_totp(body: PasswordProof, user: User) -> EnrolmentOut:
        enrolment = await account.enrol_totp(user, password=body.password)
        return EnrolmentOut(secret=enrolment.secret, uri=enrolment.uri)

    @router.post(
        "/totp/confirm",
        summary="Turn one-time codes on, with a first one",
        responses=problems(401, 409, 413, 422, 429, 503),
    )
    async def confirm_totp(body: TotpProof, user: User) -> RecoveryCodesOut:
        return RecoveryCodesOut(recovery_codes=await account.confirm_totp(user, code=body.code))

    @router.post(
        "/totp/disable",
        status_code=204,
        summary="Turn one-time codes off, with a last one or a recovery code",
        responses=problems(401, 409, 413, 422, 429, 503),
    )
    async def disable_totp(body: BothProofs, user: User) -> None:
        await account.disable_totp(user, password=body.password, code=body.code)
