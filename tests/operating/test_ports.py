"""Two that start Airflow on one machine listen on two ports, although neither listens yet when the other chooses."""

from __future__ import annotations

import socket

from reelhouse.operating.airflow import ADDRESS, reserved_port

FIRST = 18300


def test_who_chooses_while_another_has_not_begun_to_listen_gets_another_port() -> None:
    with reserved_port(FIRST) as one, reserved_port(FIRST) as other:
        assert one != other
        for port in (one, other):
            with socket.socket() as server:
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.bind((ADDRESS, port))
                server.listen()
    with reserved_port(FIRST) as again:
        assert again == one


def test_a_port_that_somebody_listens_on_is_passed_over() -> None:
    with reserved_port(FIRST) as port:
        pass
    with socket.socket() as server:
        server.bind((ADDRESS, port))
        server.listen()
        with reserved_port(port) as other:
            assert other != port
