"""The wordings that a business put in place of ours, as the assistant reads them."""

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.words.own import OwnWordings, fits

OWN = Sql("""
    SELECT phrase, wordings FROM own_wordings
    WHERE tenant_id = :tenant AND language = :language
""")


async def own_wordings(
    session: AsyncSession, tenant_id: TenantId, language: Language
) -> OwnWordings:
    """Return a tenant's wordings in one language, by phrase.

    Those that a newer phrase book would refuse are left out: ours is said again.
    """
    rows = await Driver(session).rows(OWN, tenant=tenant_id, language=language)
    own = {row["phrase"]: tuple(row["wordings"]) for row in rows}
    return {id_: wordings for id_, wordings in own.items() if fits(id_, wordings, language)}
