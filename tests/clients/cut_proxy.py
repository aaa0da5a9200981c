"""Loses a reply, for real: passes HTTP/2 between a client and the server, and cuts the first connection in the moment
when the server's answer to a call comes by, without passing it. The server has done what was asked; the client can't
know. Every later connection passes whole.

Usage: cut_proxy.py HOST:PORT; prints the port it listens on, and runs until it is ended.
"""

import asyncio
import sys

# RFC 9113: a frame is a header of 9 bytes (length 3, type 1, flags 1, stream 4), then its payload.
FRAME_HEADER = 9
DATA, HEADERS = 0, 1


async def pass_all(reader, writer):
    """Passes bytes until one side ends."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def pass_until_answer(reader, writer):
    """Passes the server's frames up to the first that answers a call; true: there was one."""
    try:
        while True:
            header = await reader.readexactly(FRAME_HEADER)
            stream = int.from_bytes(header[5:9], "big") & 0x7FFFFFFF
            if stream != 0 and header[3] in (DATA, HEADERS):
                return True
            writer.write(header + await reader.readexactly(int.from_bytes(header[:3], "big")))
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        return False


class Proxy:
    """One client's way to the server."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.lost = False

    async def serve(self, from_client, to_client):
        """One connection."""
        from_server, to_server = await asyncio.open_connection(self.host, self.port)
        upward = asyncio.create_task(pass_all(from_client, to_server))
        if self.lost:
            await pass_all(from_server, to_client)
        else:
            self.lost = await pass_until_answer(from_server, to_client)
            # Reset, not closed: nothing that is still in a buffer arrives.
            to_client.transport.abort()
        upward.cancel()
        to_server.close()


async def main(target):
    host, port = target.rsplit(":", 1)
    server = await asyncio.start_server(Proxy(host, int(port)).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
