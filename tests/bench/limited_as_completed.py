"""A contestant: asks many URLs with aiohttp from a lazy pool of tasks, after the idea of the study "Making 100
million requests with Python aiohttp": of a generator of coroutines only so many are tasks at any time, and whenever
one is done the next one is pulled. Answers are read and dropped.

Arguments: URL with {key}, number of keys, requests in flight.
"""

import asyncio
import sys
from itertools import islice

import aiohttp


async def limited_as_completed(coroutines, limit):
    """Yields results as they complete; at most `limit` coroutines are under way."""
    coroutines = iter(coroutines)
    under_way = {asyncio.ensure_future(coroutine) for coroutine in islice(coroutines, limit)}
    while under_way:
        done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        under_way.update(asyncio.ensure_future(coroutine) for coroutine in islice(coroutines, len(done)))
        for task in done:
            yield task.result()


async def ask(session, url):
    async with session.get(url) as response:
        response.raise_for_status()
        return len(await response.read())


async def main(url, keys, limit):
    connector = aiohttp.TCPConnector(limit=None)
    async with aiohttp.ClientSession(connector=connector) as session:
        questions = (ask(session, url.replace("{key}", str(key))) for key in range(1, keys + 1))
        answers = 0
        async for _ in limited_as_completed(questions, limit):
            answers += 1
    print(answers)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
