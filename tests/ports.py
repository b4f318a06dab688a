"""Ports for servers that must be told one."""

import socket


def keep_port() -> socket.socket:
    """Take a free port of 127.0.0.1 that the system gives to nobody else until this is closed.

    A server that sets SO_REUSEADDR, as most do, may listen on it meanwhile, and start again.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept
