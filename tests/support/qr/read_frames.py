"""Reads QR frames with other people's tools only: docs/exchange-format.md in Python.

Texts of codes on standard input, one a line, in any order; the files go into the folder that is
the argument, and the digest that people compare to standard output. RaptorQ is TON's codec in
C++, which has no line in common with ours.
"""

import base64
import ctypes
import hashlib
import importlib.util
import pathlib
import platform
import struct
import sys
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def base45(text):
    """RFC 9285 section 4."""
    out = b""
    for at in range(0, len(text), 3):
        part = text[at : at + 3]
        number = sum(ALPHABET.index(c) * 45**n for n, c in enumerate(part))
        out += number.to_bytes(len(part) - 1, "big")
    return out


def codec():
    """The library of pyraptorq, whose own loader needs a package that newer Pythons lack."""
    package = pathlib.Path(importlib.util.find_spec("pyraptorq").origin).parent
    name = f"libpyraptorq.{platform.machine()}.so"
    library = ctypes.CDLL(str(package / "distlib" / "linux" / name))
    library.get_decoder.argtypes = [ctypes.c_int] * 3
    library.get_decoder.restype = ctypes.c_void_p
    library.add_symbol.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p]
    library.may_try_decode.argtypes = [ctypes.c_void_p]
    library.may_try_decode.restype = ctypes.c_bool
    library.try_decode.argtypes = [ctypes.c_void_p]
    library.try_decode.restype = ctypes.c_char_p
    return library


def message(frames):
    library = codec()
    decoder = None
    for text in frames:
        frame = base45(text)
        body, check = frame[:-4], frame[-4:]
        assert hashlib.sha256(body).digest()[:4] == check, "check"
        assert body[:3] == b"CS\x01", "magic and version"
        length = int.from_bytes(body[7:12], "big")
        size, blocks, sub_blocks, alignment = struct.unpack(">HBHB", body[13:19])
        assert (blocks, sub_blocks, alignment) == (1, 1, 4)
        number = int.from_bytes(body[20:23], "big")
        symbol = body[23:]
        assert len(symbol) == size
        count = -(-length // size)
        if decoder is None:
            decoder = library.get_decoder(count, size, length)
        library.add_symbol(decoder, number, size, symbol)
        if library.may_try_decode(decoder):
            result = library.try_decode(decoder)
            if result is not None:
                result = base64.b64decode(result)[:length]
                assert result[:4] == body[3:7], "identity"
                return result
    sys.exit("not enough frames")


def main():
    whole = message(line.rstrip("\n") for line in sys.stdin)
    digest, packed = whole[:32], whole[32:]
    assert hashlib.sha256(packed).digest() == digest, "digest"
    parcel = zlib.decompress(packed, -15)
    count, at = struct.unpack_from(">H", parcel)[0], 2
    for _ in range(count):
        name_length = parcel[at]
        name = parcel[at + 1 : at + 1 + name_length].decode()
        at += 1 + name_length
        (length,) = struct.unpack_from(">I", parcel, at)
        content = parcel[at + 4 : at + 4 + length]
        at += 4 + length
        assert "/" not in name
        (pathlib.Path(sys.argv[1]) / name).write_bytes(content)
    assert at == len(parcel)
    print(hashlib.sha256(parcel).hexdigest())


main()
