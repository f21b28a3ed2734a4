"""Puts the card of the package jcecard into the virtual reader. Its state is the file card_state.json in DIR.

The package as published loses an imported RSA key: it takes an exponent of three bytes only, forgets the public key,
and cannot read the key again after a restart, all of it with status 9000. The class below repairs this.
"""

import logging
import pathlib
import secrets
import sys

# This file has the name of the package that it bridges: its folder must not be searched before the package's.
sys.path.append(sys.path.pop(0))

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jcecard.card_data import AlgorithmID, CardDataStore
from jcecard.main import OpenPGPCard
from jcecard.tlv import TLVEncoder

import vpcd


class RepairedCard(OpenPGPCard):
    def _handle_key_import(self, data):
        response = super()._handle_key_import(data)
        state = self.card_state
        for slot in (state.key_sig, state.key_dec, state.key_aut):
            # The package stores e || p || q; what it generated itself is DER, which begins with a SEQUENCE.
            imported = slot.private_key_data and slot.private_key_data[0] != 0x30
            if imported and slot.algorithm.algorithm_id == AlgorithmID.RSA_2048:
                _store_rsa(slot, _rsa_key(slot.private_key_data, bits=slot.algorithm.param1))
        self._load_stored_keys()
        self.save_state()
        return response

    def keep_rest(self, response):
        """Cuts an answer to what a short command takes, and leaves the rest for GET RESPONSE."""
        data, status = response[:-2], response[-2:]
        if len(data) <= 256 or status != b"\x90\x00":
            return response
        self._response_buffer = data[256:]
        return data[:256] + bytes([0x61, min(len(self._response_buffer), 255)])


def _rsa_key(parts, bits):
    """The key in `e || p || q` (OpenPGP card 3.4.1 §4.4.3.12); the length of e is what the primes leave over."""
    length = bits // 16
    p = int.from_bytes(parts[-2 * length : -length], "big")
    q = int.from_bytes(parts[-length:], "big")
    e = int.from_bytes(parts[: -2 * length], "big")
    d = pow(e, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(e, p * q),
    ).private_key()


def _store_rsa(slot, key):
    """Stores a key as the package stores one that it generated."""
    numbers = key.public_key().public_numbers()
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
    slot.public_key_data = TLVEncoder.encode(
        0x7F49, TLVEncoder.encode(0x81, modulus) + TLVEncoder.encode(0x82, exponent)
    )
    slot.private_key_data = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Jcecard(vpcd.Card):
    def __init__(self, directory: pathlib.Path):
        new = not (directory / CardDataStore.DEFAULT_STATE_FILE).exists()
        self._card = RepairedCard(storage_path=directory)
        if new:
            # The package gives every card the serial number 1, and two cards would pass for one.
            self._card.card_state.serial_number = secrets.randbits(32)
            self._card.save_state()

    def atr(self):
        return self._card.get_atr()

    def power_off(self):
        self._card.power_off()

    def power_on(self):
        # The package keeps a verified PIN when the power comes back without having gone. No card in a reader does.
        self._card.power_off()
        self._card.power_on()

    def reset(self):
        self.power_on()

    def command(self, apdu):
        response = self._card.process_apdu(apdu)
        # The package saves at power off only: pulled in the middle of a session it would forget its keys.
        self._card.save_state()
        extended = len(apdu) > 6 and apdu[4] == 0
        return response if extended else self._card.keep_rest(response)


if __name__ == "__main__":
    # The package logs every APDU, and the PINs in them, to standard error.
    logging.disable(logging.ERROR)
    vpcd.main(Jcecard)
