"""The floor: a bare Starlette handler that checks the HMAC and inserts one row.

`python -m tests.benchmarks.floor PORT DATABASE_URL SECRET`
"""

import hmac
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def create_app(database_url: str, secret: str) -> Starlette:
    pool: asyncpg.Pool

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        nonlocal pool
        pool = await asyncpg.create_pool(database_url, min_size=10, max_size=10)
        await pool.execute(
            "CREATE TABLE IF NOT EXISTS floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now())"
        )
        yield
        await pool.close()

    async def webhook(request: Request) -> Response:
        body = await request.body()
        expected = "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
        if not hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")):
            return Response(status_code=401)
        await pool.execute("INSERT INTO floor (body) VALUES ($1)", body)
        return Response()

    return Starlette(lifespan=lifespan, routes=[Route("/webhook", webhook, methods=["POST"])])


if __name__ == "__main__":
    port, database_url, secret = sys.argv[1:]
    uvicorn.run(
        create_app(database_url, secret),
        host="127.0.0.1",
        port=int(port),
        access_log=False,
        log_level="warning",
    )
