"""Tokens: made for one tenant, and worthless in every other way."""

import base64
import hashlib
import hmac
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jose import jwk, jws

from mcp_platform.access.tenant_tokens import EXPIRED, REFUSED, TenantTokens
from mcp_platform.access.token_keys import TokenKeys, ensure_keys
from mcp_platform.errors import Invalid, Unauthorized, Unavailable
from tests.api.world import Business, World
from tests.clocks import Timer

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TENANT = "barbearia-do-ze/production"
HOUR = timedelta(hours=1)


class Issuer:
    def __init__(self, folder: Path) -> None:
        self.folder, self.timer = folder, Timer(0)
        ensure_keys(folder, now=NOW)
        self.keys = TokenKeys(folder, timer=self.timer)
        self.tokens = TenantTokens(self.keys)

    @property
    def kid(self) -> str:
        return self.keys.signing()[0]

    @property
    def public(self) -> bytes:
        return (self.folder / f"{self.kid}.pub.pem").read_bytes()

    def mint(self, **more: Any) -> str:
        arguments: dict[str, Any] = {
            "tenant": TENANT,
            "subject": "site",
            "scopes": ["chat"],
            "ttl": HOUR,
            "now": NOW,
        }
        return self.tokens.mint(**{**arguments, **more})

    def forge(self, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign claims of one's own with the real key: what a stolen key, or a bug, could make."""
        kid, key = self.keys.signing()
        said = {**json.loads(jws.get_unverified_claims(self.mint())), **claims}
        said = {name: value for name, value in said.items() if value is not None}
        return jws.sign(said, key, headers={"kid": kid, **(header or {})}, algorithm="ES256")

    def add(self, kid: str, *, curve: ec.EllipticCurve | None = None, signs: bool = True) -> None:
        made = ec.generate_private_key(curve or ec.SECP256R1())
        public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.folder / f"{kid}.pub.pem").write_bytes(public)
        if signs:
            private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (self.folder / f"{kid}.pem").write_bytes(private)

    def refuses(self, token: str, *, now: datetime = NOW) -> str:
        with pytest.raises(Unauthorized) as refused:
            self.tokens.verify(token, now=now)
        return str(refused.value)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "keys")


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def with_header(token: str, **header: Any) -> str:
    return ".".join([encoded(json.dumps(header).encode()), *token.split(".")[1:]])


def test_what_was_minted_is_verified(issuer: Issuer) -> None:
    token = issuer.mint(scopes=["appointments:read", "chat"])
    claims = issuer.tokens.verify(token, now=NOW)
    assert claims.tenant == TENANT
    assert claims.subject == "site"
    assert claims.scopes == {"chat", "appointments:read"}
    assert claims.expires == NOW + HOUR


def test_a_token_has_all_its_claims_and_a_key_id(issuer: Issuer) -> None:
    token = issuer.mint()
    claims = json.loads(jws.get_unverified_claims(token))
    assert set(claims) == {"iss", "aud", "sub", "tenant", "scope", "iat", "nbf", "exp", "jti"}
    assert jws.get_unverified_header(token) == {"alg": "ES256", "typ": "JWT", "kid": issuer.kid}
    assert claims["jti"] != json.loads(jws.get_unverified_claims(issuer.mint()))["jti"]


def test_a_token_lives_until_its_end_and_not_at_it(issuer: Issuer) -> None:
    token = issuer.mint()
    assert issuer.tokens.verify(token, now=NOW + HOUR - timedelta(seconds=1))
    assert issuer.refuses(token, now=NOW + HOUR) == EXPIRED


def test_a_token_of_the_future_is_refused_but_clocks_may_differ_a_little(issuer: Issuer) -> None:
    token = issuer.mint()
    assert issuer.tokens.verify(token, now=NOW - timedelta(seconds=30))
    assert issuer.refuses(token, now=NOW - timedelta(seconds=31)) == REFUSED


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None])
def test_an_unsigned_token_is_refused(issuer: Issuer, alg: str | None) -> None:
    claims = issuer.mint().split(".")[1]
    header = encoded(json.dumps({"alg": alg, "typ": "JWT", "kid": issuer.kid}).encode())
    assert issuer.refuses(f"{header}.{claims}.") == REFUSED


def test_the_public_key_is_no_shared_secret(issuer: Issuer) -> None:
    header = encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": issuer.kid}).encode())
    signed = f"{header}.{issuer.mint().split('.')[1]}"
    for secret in (issuer.public, issuer.public.strip()):
        signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        assert issuer.refuses(f"{signed}.{encoded(signature)}") == REFUSED


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\xff" * 64, b"\x00" * 63, b"x" * 500])
def test_a_signature_of_nothing_is_refused(issuer: Issuer, signature: bytes) -> None:
    signed = issuer.mint().rpartition(".")[0]
    assert issuer.refuses(f"{signed}.{encoded(signature)}") == REFUSED


def test_changed_claims_are_refused(issuer: Issuer) -> None:
    header, claims, signature = issuer.mint().split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    said["tenant"] = "salao-da-ana/production"
    changed = encoded(json.dumps(said).encode())
    assert issuer.refuses(f"{header}.{changed}.{signature}") == REFUSED


def test_a_key_that_the_token_brings_along_is_not_used(issuer: Issuer) -> None:
    strange = ec.generate_private_key(ec.SECP256R1())
    key = jwk.construct(strange, algorithm="ES256")
    public = jwk.construct(strange.public_key(), algorithm="ES256").to_dict()
    claims = json.loads(jws.get_unverified_claims(issuer.mint()))
    for header in (
        {"kid": issuer.kid, "jwk": {**public, "x": str(public["x"]), "y": str(public["y"])}},
        {"kid": issuer.kid, "jku": "https://attacker.example/keys"},
        {"kid": "theirs"},
        {"kid": issuer.kid},
        {"kid": f"../keys/{issuer.kid}"},
    ):
        forged = jws.sign(claims, key, headers=header, algorithm="ES256")
        assert issuer.refuses(forged) == REFUSED


def test_a_key_id_is_required_and_is_a_name(issuer: Issuer) -> None:
    token = issuer.mint()
    for header in (
        {"alg": "ES256", "typ": "JWT"},
        {"alg": "ES256", "typ": "JWT", "kid": None},
        {"alg": "ES256", "typ": "JWT", "kid": [issuer.kid]},
        {"alg": ["ES256"], "typ": "JWT", "kid": issuer.kid},
        {"alg": "ES256", "kid": issuer.kid, "crit": ["b64"], "b64": False},
    ):
        assert issuer.refuses(with_header(token, **header)) == REFUSED


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "mcp-platform:admin"},
        {"aud": ["mcp-platform:tenant-api"]},
        {"aud": None},
        {"iss": "somebody"},
        {"iss": None},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": 1e12},
        {"exp": 10**30},
        {"exp": True},
        {"nbf": int(NOW.timestamp()) + 60},
        {"iat": int(NOW.timestamp()) + 60},
        {"iat": None},
        {"nbf": None},
        {"jti": None},
        {"sub": None},
        {"scope": ["chat"]},
        {"tenant": None},
        {"tenant": [TENANT]},
    ],
)
def test_claims_that_are_not_as_we_make_them_are_refused(
    issuer: Issuer, claims: dict[str, Any]
) -> None:
    token = issuer.forge(**{name: value for name, value in claims.items() if value is not None})
    if None in claims.values():
        token = issuer.forge(**claims)
    assert issuer.refuses(token) == REFUSED
    assert issuer.tokens.verify(issuer.forge(), now=NOW)


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "é.é.é", "x" * 10_000, "e30.e30.e30", "bnVsbA.e30.e30"]
)
def test_what_is_no_token_is_refused(issuer: Issuer, token: str) -> None:
    assert issuer.refuses(token) == REFUSED


def test_deeply_nested_headers_are_refused(issuer: Issuer) -> None:
    assert issuer.refuses(f"{encoded(b'[' * 2500)}.e30.e30") == REFUSED


def test_several_keys_are_live_and_the_newest_signs(issuer: Issuer) -> None:
    before = issuer.mint()
    issuer.add("30000101-next")
    issuer.timer.now = 10
    assert issuer.kid == "30000101-next"
    for token in (before, issuer.mint()):
        assert issuer.tokens.verify(token, now=NOW).tenant == TENANT


def test_the_folder_is_read_again_at_most_every_ten_seconds(issuer: Issuer) -> None:
    token, kid = issuer.mint(), issuer.kid
    (issuer.folder / f"{kid}.pub.pem").unlink()
    issuer.timer.now = 9.9
    assert issuer.tokens.verify(token, now=NOW)
    issuer.timer.now = 10
    assert issuer.refuses(token) == REFUSED
    with pytest.raises(Unavailable):  # nobody could verify what it signed
        issuer.mint()


def test_a_folder_that_cannot_be_read_leaves_live_what_was_live(issuer: Issuer) -> None:
    token = issuer.mint()
    issuer.folder.rename(issuer.folder.with_name("away"))
    issuer.timer.now = 10
    assert issuer.tokens.verify(token, now=NOW)


def test_one_bad_file_harms_no_other_key(issuer: Issuer) -> None:
    token = issuer.mint()
    (issuer.folder / "zz-broken.pub.pem").write_text("no key")
    (issuer.folder / "zz-broken.pem").write_text("no key")
    issuer.add("zz-p384", curve=ec.SECP384R1())
    issuer.timer.now = 10
    assert issuer.tokens.verify(token, now=NOW)
    assert issuer.keys.verifying("zz-p384") is None
    assert issuer.kid.startswith("2026")


def test_a_process_with_public_keys_alone_verifies_and_does_not_mint(issuer: Issuer) -> None:
    token = issuer.mint()
    (issuer.folder / f"{issuer.kid}.pem").unlink()
    verifier = TenantTokens(TokenKeys(issuer.folder, timer=Timer(0)))
    assert verifier.verify(token, now=NOW)
    with pytest.raises(Unavailable):
        verifier.mint(tenant=TENANT, subject="x", scopes=["chat"], ttl=HOUR, now=NOW)


def test_a_mounted_secret_with_links_is_read(issuer: Issuer, tmp_path: Path) -> None:
    version, mounted = tmp_path / "v1", tmp_path / "mounted"
    version.mkdir()
    mounted.mkdir()
    (version / f"{issuer.kid}.pub.pem").write_bytes(issuer.public)
    (mounted / "..data").symlink_to(version)
    (mounted / f"{issuer.kid}.pub.pem").symlink_to(f"..data/{issuer.kid}.pub.pem")
    verifier = TenantTokens(TokenKeys(mounted, timer=Timer(0)))
    assert verifier.verify(issuer.mint(), now=NOW)


def test_keys_are_made_once_and_the_private_one_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "keys"
    ensure_keys(folder, now=NOW)
    made = sorted(path.name for path in folder.iterdir())
    ensure_keys(folder, now=NOW + HOUR)
    assert sorted(path.name for path in folder.iterdir()) == made
    private = folder / made[0]
    assert private.suffixes == [".pem"]
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tenant": "barbearia-do-ze"}, "tenant"),
        ({"tenant": "api/production"}, "tenant"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["chat", "admin"]}, "scopes"),
        ({"ttl": timedelta(0)}, "ttl"),
        ({"ttl": timedelta(days=367)}, "ttl"),
        ({"subject": "a b"}, "subject"),
        ({"subject": ""}, "subject"),
    ],
)
def test_what_must_not_be_minted_is_not(issuer: Issuer, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        issuer.mint(**wrong)
    assert list(refused.value.fields) == [field]


async def test_without_a_token_nothing_is_told(shop: Business) -> None:
    missing = await shop.ask("GET", "/appointments/list", token=None)
    basic = await shop.ask(
        "GET", "/appointments/list", token=None, headers={"authorization": "Basic YTpi"}
    )
    for answer in (missing, basic):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_another_tenants_token_opens_nothing_and_tells_nothing(
    world: World, shop: Business, other: Business
) -> None:
    theirs = await shop.ask("GET", "/appointments/list", token=other.token())
    shop.path = "nobody-at-all/production"
    nobodys = await shop.ask("GET", "/appointments/list", token=other.token())
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


async def test_a_missing_scope_is_named(shop: Business) -> None:
    token = shop.token(scopes=frozenset({"chat", "appointments:read"}))
    answer = await shop.create(token=token)
    assert answer.status_code == 403
    assert "appointments:write" in answer.json()["detail"]
    assert (await shop.ask("GET", "/appointments/list", token=token)).status_code == 200


async def test_a_suspended_tenant_is_told_so_and_a_gone_one_is_not_found(world: World) -> None:
    suspended, gone = await world.open(status="suspended"), await world.open(status="offboarded")
    answer = await suspended.chat()
    assert answer.status_code == 403
    assert "suspended" in answer.json()["detail"]
    assert await suspended.events() == []
    assert (await gone.chat()).status_code == 404


async def test_a_token_of_a_former_tenant_opens_nothing_of_its_namesake(world: World) -> None:
    shop = await world.open(since=NOW)
    former = shop.token(now=NOW - timedelta(minutes=1))
    answer = await shop.ask("GET", "/appointments/list", token=former)
    assert (answer.status_code, answer.json()["detail"]) == (401, REFUSED)


async def test_a_token_made_as_the_tenant_was_by_another_clock_is_good(world: World) -> None:
    # Within one second, which tokens count whole; and by a clock that is a little late.
    shop = await world.open(since=NOW + timedelta(microseconds=999_999))
    for issued in (NOW, NOW - timedelta(seconds=20)):
        answer = await shop.ask("GET", "/appointments/list", token=shop.token(now=issued))
        assert answer.status_code == 200


async def test_an_expired_token_is_told_so(world: World, shop: Business) -> None:
    token = shop.token()
    world.now += timedelta(hours=2)
    answer = await shop.ask("GET", "/appointments/list", token=token)
    assert (answer.status_code, answer.json()["detail"]) == (401, EXPIRED)
