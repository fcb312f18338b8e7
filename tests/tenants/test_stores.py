"""Where credentials are read from on one machine: `.env` files, and a mounted Secret."""

import codecs
import json
import os
from pathlib import Path

import pytest

from mcp_platform.tenants.credentials import (
    KEYS,
    Credentials,
    CredentialsGarbled,
    CredentialsMissing,
    CredentialsUnreadable,
)
from mcp_platform.tenants.stores import LARGEST, EnvDirectoryStore, MountedStore

KEY = "-----BEGIN PRIVATE KEY-----\nMIIE+/=\nabc\n-----END PRIVATE KEY-----\n"


async def read(
    folder: Path, text: str | bytes, *, client: str = "shop", environment: str = "production"
) -> Credentials:
    content = text if isinstance(text, bytes) else text.encode()
    (folder / f"{client}-{environment}.env").write_bytes(content)
    return await EnvDirectoryStore(folder).read(client_name=client, environment=environment)


class TestEnvFiles:
    async def test_every_key_of_a_hand_over_file_is_read_whatever_else_is_in_it(
        self, tmp_path: Path
    ) -> None:
        lines = ["GARBAGE LINE", "UNKNOWN_KEY=1", *(f"{key}=value of {key}" for key in KEYS)]
        found = await read(tmp_path, "\n".join(lines))

        assert all(getattr(found, key.lower()) == f"value of {key}" for key in KEYS)

    async def test_a_file_of_the_environment_goes_before_the_seeds_file(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "shop.env").write_text("GEMINI_API_KEY=seed")
        store = EnvDirectoryStore(tmp_path)

        before = await store.read(client_name="shop", environment="staging")
        own = await read(tmp_path, "GEMINI_API_KEY=own", environment="staging")
        other = await store.read(client_name="shop", environment="production")

        assert [before.gemini_api_key, own.gemini_api_key, other.gemini_api_key] == [
            "seed",
            "own",
            "seed",
        ]

    async def test_a_client_named_like_anothers_environment_does_not_get_its_credentials(
        self, tmp_path: Path
    ) -> None:
        await read(tmp_path, "GEMINI_API_KEY=of-x-in-production", client="x-y")
        store = EnvDirectoryStore(tmp_path)

        with pytest.raises(CredentialsMissing):
            await store.read(client_name="x-y-production", environment="development")
        (tmp_path / "x-y-production-development.env").write_text("GEMINI_API_KEY=its-own")
        its_own = await store.read(client_name="x-y-production", environment="development")
        assert its_own.gemini_api_key == "its-own"

    async def test_no_file_is_missing_and_an_unreadable_one_is_something_else(
        self, tmp_path: Path
    ) -> None:
        store = EnvDirectoryStore(tmp_path)
        with pytest.raises(CredentialsMissing, match=r"shop-production\.env"):
            await store.read(client_name="shop", environment="production")

        (tmp_path / "shop-production.env").mkdir()
        with pytest.raises(CredentialsUnreadable) as refused:
            await store.read(client_name="shop", environment="production")
        assert not isinstance(refused.value, CredentialsMissing)

    async def test_a_file_in_another_encoding_is_read_where_that_is_certain(
        self, tmp_path: Path
    ) -> None:
        text = "# credenciais do salão\r\nDATABASE_PASSWORD=sécret\r\n"
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
            found = await read(tmp_path, text.encode(encoding))
            assert found.database_password == "sécret", encoding
        marked = codecs.BOM_UTF16_BE + text.encode("utf-16-be")
        assert (await read(tmp_path, marked)).database_password == "sécret"
        comment = "  # credenciais do salão\nDATABASE_PASSWORD=secret".encode("cp1252")
        assert (await read(tmp_path, comment)).database_password == "secret"

        for uncertain in (
            text.encode("cp1252"),
            text.encode("utf-16-le"),
            text.encode("utf-16-be"),
        ):
            with pytest.raises(CredentialsGarbled, match=r"line [12] is not in UTF-8: save the"):
                await read(tmp_path, uncertain)


class TestMountedSecret:
    """A folder as Kubernetes mounts it: keys are links through `..data`, which is swapped."""

    @staticmethod
    def mount(folder: Path, version: str, **values: str) -> None:
        made = folder / f"..{version}"
        made.mkdir(parents=True)
        for key, value in values.items():
            (made / key).write_text(value)
            link = folder / key
            if not link.is_symlink():
                link.symlink_to(Path("..data") / key)
        fresh = folder / "..data_tmp"
        fresh.symlink_to(made.name)
        fresh.rename(folder / "..data")

    @staticmethod
    def store(folder: Path) -> MountedStore:
        return MountedStore(folder, client_name="shop", environment="production")

    @classmethod
    async def read(cls, folder: Path) -> Credentials:
        return await cls.store(folder).read(client_name="shop", environment="production")

    async def test_a_swapped_secret_is_read_whole(self, tmp_path: Path) -> None:
        self.mount(tmp_path, "v1", GEMINI_API_KEY="old\n", WHATSAPP_APP_SECRET="old")
        old = await self.read(tmp_path)
        self.mount(tmp_path, "v2", GEMINI_API_KEY="new\n", GOOGLE_PRIVATE_KEY=KEY)
        new = await self.read(tmp_path)

        assert (old.gemini_api_key, old.whatsapp_app_secret) == ("old", "old")
        assert (new.gemini_api_key, new.google_private_key) == ("new", KEY.strip())
        assert new.whatsapp_app_secret == ""

    async def test_a_swap_in_the_middle_of_a_read_mixes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.mount(tmp_path, "v1", GEMINI_API_KEY="old", WHATSAPP_APP_SECRET="old")
        swapped = False
        read_bytes = Path.read_bytes

        def read_and_swap(path: Path) -> bytes:
            nonlocal swapped
            content = read_bytes(path)
            if not swapped:
                swapped = True
                self.mount(tmp_path, "v2", GEMINI_API_KEY="new", WHATSAPP_APP_SECRET="new")
            return content

        monkeypatch.setattr(Path, "read_bytes", read_and_swap)
        found = await self.read(tmp_path)

        assert swapped
        assert (found.gemini_api_key, found.whatsapp_app_secret) == ("old", "old")

    async def test_a_plain_folder_will_do(self, tmp_path: Path) -> None:
        (tmp_path / "GEMINI_API_KEY").write_text("k")

        assert (await self.read(tmp_path)).gemini_api_key == "k"

    @pytest.mark.parametrize(
        ("client", "environment"), [("other", "production"), ("shop", "staging")]
    )
    async def test_another_tenant_gets_nothing(
        self, tmp_path: Path, client: str, environment: str
    ) -> None:
        self.mount(tmp_path, "v1", GEMINI_API_KEY="k")

        with pytest.raises(CredentialsMissing, match="another tenant"):
            await self.store(tmp_path).read(client_name=client, environment=environment)

    async def test_nothing_mounted_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(CredentialsMissing):
            await self.read(tmp_path)
        with pytest.raises(CredentialsMissing):
            await self.read(tmp_path / "never")

    async def test_what_is_too_large_or_no_file_is_left_out(self, tmp_path: Path) -> None:
        (tmp_path / "GEMINI_API_KEY").write_text("k")
        (tmp_path / "DATABASE_USER").mkdir()
        with (tmp_path / "DATABASE_PASSWORD").open("wb") as huge:
            os.truncate(huge.fileno(), LARGEST + 1)

        assert await self.read(tmp_path) == Credentials(gemini_api_key="k")

    async def test_quotation_marks_that_kubectl_kept_are_not_part_of_the_value(
        self, tmp_path: Path
    ) -> None:
        """`kubectl create secret --from-env-file` takes what stands behind `=` as it is."""
        one_line = KEY.strip().replace("\n", "\\n")
        whole = json.dumps({"private_key": KEY, "client_email": "a@b", "project_id": "p"})
        self.mount(
            tmp_path,
            "v1",
            GEMINI_API_KEY='"AIza-quoted"',
            WHATSAPP_APP_SECRET="'0f0f'",
            WHATSAPP_API_TOKEN='EAAG"x',
            GOOGLE_PRIVATE_KEY=f'"{one_line}"',
            DATABASE_PASSWORD='"ours"',
        )
        found = await self.read(tmp_path)
        assert (found.gemini_api_key, found.whatsapp_app_secret) == ("AIza-quoted", "0f0f")
        assert (found.whatsapp_api_token, found.database_password) == ('EAAG"x', '"ours"')
        assert found.google_private_key == KEY.strip()

        self.mount(tmp_path, "v2", GOOGLE_PRIVATE_KEY=whole, GOOGLE_PROJECT_ID="given")
        found = await self.read(tmp_path)
        assert (found.google_private_key, found.google_client_email) == (KEY.strip(), "a@b")
        assert found.google_project_id == "given"

    async def test_what_is_not_text_is_unreadable(self, tmp_path: Path) -> None:
        (tmp_path / "GEMINI_API_KEY").write_bytes(b"\xff\xff")

        with pytest.raises(CredentialsUnreadable):
            await self.read(tmp_path)


def test_credentials_do_not_show_their_values() -> None:
    secret = Credentials(gemini_api_key="AIza-secret", database_password="hunter2")

    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert "secret" not in shown
        assert "hunter2" not in shown
        assert "GEMINI_API_KEY" in shown
