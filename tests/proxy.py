"""A load balancer in miniature: each connection goes to the next server that answers."""

import asyncio
import threading
from contextlib import contextmanager, suppress
from itertools import cycle


@contextmanager
def proxy(ports):
    """Listen on loopback in front of `ports`; yields the address."""
    loop, turns = asyncio.new_event_loop(), cycle(ports)

    async def connect():
        for _ in ports:
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", next(turns))
        raise ConnectionRefusedError

    async def handle(reader, writer):
        writers = [writer]
        try:
            with suppress(OSError):
                from_server, to_server = await connect()
                writers.append(to_server)
                await asyncio.gather(_pipe(reader, to_server), _pipe(from_server, writer))
        except asyncio.CancelledError:  # the proxy ends: wait for nobody
            for each in writers:
                each.transport.abort()
        finally:
            for each in writers:
                each.close()

    async def listen():
        return await asyncio.start_server(handle, "127.0.0.1", 0)

    server = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    host, port = server.sockets[0].getsockname()
    yield f"http://{host}:{port}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(_closed(server))
    loop.close()


async def _pipe(reader, writer):
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _closed(server):
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # in which the connections learn that they are closed
