"""The waiting list over the admin API: who may read it, and who takes a wish off it."""

import uuid
from datetime import timedelta

from tests.factories import add_contact
from tests.registry.world import NOW, RegistryWorld


async def wish(registry: RegistryWorld, shop: str, *, days: int) -> str:
    """Put a new customer's wish for a cut so many days ahead into the rows; return its id."""
    tenant, id_ = await registry.tenant_id(shop), f"w{uuid.uuid4().hex[:5]}"
    async with registry.sessions.everywhere.begin() as session:
        contact = await add_contact(
            session,
            tenant,  # type: ignore[arg-type]  # a plain number
            wa_id=f"55119{uuid.uuid4().int % 10**8:08}",
        )
    await registry.execute(
        "INSERT INTO waitlist_wishes (tenant_id, id, contact_id, service_id, day, part, wished_at)"
        " VALUES (:tenant, :id, :contact, 'corte', :day, 'afternoon', :now)",
        tenant=tenant, id=id_, contact=contact, day=NOW.date() + timedelta(days), now=NOW,
    )  # fmt: skip
    return id_


async def test_wishes_are_listed_by_day_and_taken_off(registry: RegistryWorld) -> None:
    shop = await registry.offering()
    later, sooner = await wish(registry, shop, days=3), await wish(registry, shop, days=1)
    await wish(registry, shop, days=-2)  # gone by
    path = f"{shop}/waitlist"
    listed = (await registry.ask("GET", path)).json()["wishes"]
    assert [each["id"] for each in listed] == [sooner, later]
    assert listed[0] | {"service_name": "Corte", "part": "afternoon"} == listed[0]
    seen = (await registry.ask("GET", path, role="viewer")).json()["wishes"]
    assert listed[0]["phone"] not in str(seen)

    assert (await registry.ask("POST", f"{path}/{sooner}/done", role="viewer")).status_code == 403
    for _ in range(2):
        assert (await registry.ask("POST", f"{path}/{sooner}/done")).status_code == 204
    assert [each["id"] for each in (await registry.ask("GET", path)).json()["wishes"]] == [later]
    assert (await registry.ask("POST", f"{path}/zzzzzz/done")).status_code == 404
