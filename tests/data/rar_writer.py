"""Archives of stored members in both RAR formats, byte by byte: no free program writes RAR.

Layouts: the technical notes of RAR 4 (technote.txt) and RAR 5 (rarlab.com/technote.htm).
"""

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    name: str
    data: bytes = b""
    size: int | None = None  # claimed; None: the true one
    crc: int | None = None  # claimed; None: the true one
    mode: int = 0o100644
    method: int = 0x30  # RAR 4: 0x30 is stored, 0x33 normally compressed
    flags: int = 0  # RAR 4 file flags: 1 and 2 split volumes, 4 encrypted
    link: tuple[int, str] | None = None  # RAR 5: kind (1 symbolic, 4 hard) and target


def rar4(members: list[Member], main_flags: int = 0) -> bytes:
    blocks = [b"Rar!\x1a\x07\x00", _block4(0x73, main_flags, bytes(6))]
    for member in members:
        name = member.name.encode()
        size = len(member.data) if member.size is None else member.size
        fields = struct.pack(
            "<IIBIIBBHI",
            len(member.data),
            size,
            3,  # Unix
            zlib.crc32(member.data) if member.crc is None else member.crc,
            0x50000000,  # a DOS time
            20,
            member.method,
            len(name),
            member.mode,
        )
        blocks += [_block4(0x74, 0x8000 | member.flags, fields + name), member.data]
    return b"".join([*blocks, _block4(0x7B, 0x4000, b"")])


def _block4(kind: int, flags: int, body: bytes) -> bytes:
    header = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header


def rar5(members: list[Member]) -> bytes:
    blocks = [b"Rar!\x1a\x07\x01\x00", _block5(_vint(1) + _vint(0) + _vint(0))]
    for member in members:
        name = member.name.encode()
        size = len(member.data) if member.size is None else member.size
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        extra = b""
        if member.link is not None:
            kind, target = member.link
            record = _vint(5) + _vint(kind) + _vint(0) + _vint(len(target)) + target.encode()
            extra = _vint(len(record)) + record
        header = _vint(2) + _vint(3 if extra else 2)
        header += (_vint(len(extra)) if extra else b"") + _vint(len(member.data))
        header += _vint(4) + _vint(size) + _vint(member.mode) + struct.pack("<I", crc)
        header += _vint(0) + _vint(1) + _vint(len(name)) + name + extra
        blocks += [_block5(header), member.data]
    return b"".join([*blocks, _block5(_vint(5) + _vint(0) + _vint(0))])


def _block5(header: bytes) -> bytes:
    sized = _vint(len(header)) + header
    return struct.pack("<I", zlib.crc32(sized)) + sized


def _vint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
