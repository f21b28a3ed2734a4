"""The card's side of the protocol of vsmartcard's virtual reader (vpcd).

Each message is a length of two bytes, big-endian, and that many bytes. One byte is a control code, more are an APDU.
https://frankmorgner.github.io/vsmartcard/virtualsmartcard/api.html
"""

import argparse
import os
import pathlib
import socket
import sys
import threading
import time

POWER_OFF, POWER_ON, RESET, GET_ATR = 0, 1, 2, 4

# The reader opens its port a moment after pcscd started, and drops a card that came too early.
RETRY_SECONDS = 0.02


class Card:
    """What a bridge provides. Every method is called from one thread."""

    def atr(self):
        """The answer to reset, as bytes."""
        raise NotImplementedError

    def power_off(self):
        """Verified PINs end here, and on power_on and reset."""

    def power_on(self):
        pass

    def reset(self):
        pass

    def command(self, apdu):
        """One APDU in, the response with its status word out, both as bytes."""
        raise NotImplementedError


def main(make_card):
    """Parses `--directory DIR --port PORT` and serves `make_card(DIR)` until standard input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    card = make_card(arguments.directory)
    while True:
        try:
            with socket.create_connection(("127.0.0.1", arguments.port)) as connection:
                _serve(connection, card)
        except ConnectionError:
            pass
        time.sleep(RETRY_SECONDS)


def _serve(connection, card):
    """Answers the reader until it drops the card."""
    announced = False
    while True:
        length = _receive(connection, 2)
        message = length and _receive(connection, int.from_bytes(length, "big"))
        if not message:
            return
        if not announced:
            print("attached", flush=True)
            announced = True
        if len(message) > 1:
            _send(connection, card.command(message))
        elif message[0] == GET_ATR:
            _send(connection, card.atr())
        elif message[0] == POWER_OFF:
            card.power_off()
        elif message[0] == POWER_ON:
            card.power_on()
        elif message[0] == RESET:
            card.reset()


def _receive(connection, length):
    """Exactly `length` bytes, or None when the reader has gone."""
    data = b""
    while len(data) < length:
        # The reader sends length and data apart and waits in between: a delayed acknowledgement costs 44 ms, and the
        # kernel forgets the setting whenever it likes.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = connection.recv(length - len(data))
        if not part:
            return None
        data += part
    return data


def _send(connection, data):
    connection.sendall(len(data).to_bytes(2, "big") + bytes(data))


def _end_with_standard_input():
    """A card must not outlive the test that inserted it, however the test ended."""
    sys.stdin.buffer.read()
    os._exit(0)
