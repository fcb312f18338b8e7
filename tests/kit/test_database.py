"""What an error of the database tells."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mcp_platform.kit.database import create_engine


async def test_an_error_does_not_quote_the_parameters(migrated_url: str) -> None:
    engine = create_engine(migrated_url, pool_size=1, application_name="test")
    with pytest.raises(DBAPIError) as refused:
        async with engine.connect() as connection:
            await connection.execute(
                text("SELECT 1 / length(CAST(:words AS text)), CAST(:words AS text) || chr(0)"),
                {"words": "o que a Ana escreveu"},
            )
    await engine.dispose()
    assert "Ana" not in str(refused.value)
