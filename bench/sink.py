"""An SMTP server that takes everything and keeps nothing, in a process of its own: plain, or TLS with slow replies."""

from __future__ import annotations

import argparse
import asyncio
import ssl

QUICK = {b"MAIL": b"250 2.1.0 fine\r\n", b"RCPT": b"250 2.1.5 fine\r\n", b"RSET": b"250 2.0.0 fine\r\n"}


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    async def say(answer: bytes) -> None:
        if delay:
            await asyncio.sleep(delay)
        writer.write(answer)

    await say(b"220 sink\r\n")
    try:
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                await say(b"250-sink\r\n250 SIZE 10000000\r\n")
            elif verb == b"DATA":
                await say(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                await say(b"250 2.0.0 queued\r\n")
            elif verb == b"QUIT":
                await say(b"221 2.0.0 bye\r\n")
                break
            else:
                await say(QUICK.get(verb, b"250 2.0.0 fine\r\n"))
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def serve(port: int, certificate: str, delay: float) -> None:
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await converse(reader, writer, delay)

    server = await asyncio.start_server(one, "127.0.0.1", port, ssl=tls, limit=2**24)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--certificate", default="")
    parser.add_argument("--delay", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.certificate, given.delay))
