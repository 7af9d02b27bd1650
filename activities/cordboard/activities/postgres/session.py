"""A connection to PostgreSQL, owned or lent."""

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Session = asyncpg.Connection | PoolConnectionProxy
