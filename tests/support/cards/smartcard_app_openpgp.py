"""Puts the card of the package smartcard-app-openpgp into the virtual reader. Its state is a ZODB file in DIR."""

import logging
import pathlib

import ZODB.DB
import ZODB.FileStorage
from smartcard import MASTER_FILE_IDENTIFIER, Card
from smartcard.app.openpgp import OpenPGP
from smartcard.utils import transaction_manager

import vpcd

# Any two bytes will do: the application is selected by its name, never by this.
FILE_IDENTIFIER = b"\x12\x34"


class SmartcardApp(vpcd.Card):
    def __init__(self, directory: pathlib.Path):
        database = ZODB.DB(ZODB.FileStorage.FileStorage(str(directory / "card.fs")), pool_size=1)
        root = database.open(transaction_manager=transaction_manager).root
        if not hasattr(root, "card"):
            with transaction_manager:
                application = OpenPGP(identifier=FILE_IDENTIFIER)
                application.activateSelf()
                root.card = Card(name=b"countersign-test")
                root.card.createFile(root.card.traverse((MASTER_FILE_IDENTIFIER,)), application)
        self._card = root.card
        with transaction_manager:
            self._card.traverse((MASTER_FILE_IDENTIFIER, FILE_IDENTIFIER))

    def atr(self):
        with transaction_manager:
            return bytes(self._card.getATR())

    def power_off(self):
        self._forget()

    def power_on(self):
        self._forget()

    def reset(self):
        self._forget()

    def command(self, apdu):
        return bytes(self._card.runAPDU(bytearray(apdu)))

    def _forget(self):
        with transaction_manager:
            self._card.clearVolatile()


if __name__ == "__main__":
    logging.disable(logging.ERROR)
    vpcd.main(SmartcardApp)
