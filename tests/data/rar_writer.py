"""Archives in both RAR formats, byte by byte: no free program writes RAR.

Layouts: the technical notes of RAR 4 (technote.txt) and RAR 5 (rarlab.com/technote.htm); the
packed bits as the free readers (unar, libarchive) take them.
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
    packed: bytes | None = None  # what lies in the archive; None: the data as it is
    extra: bytes = b""  # RAR 5: a record that follows the header, without its size
    split: int = 0  # RAR 5: 8 goes on from the volume before, 16 goes on in the next


def rar4(members: list[Member], main_flags: int = 0, encoding: str = "utf-8") -> bytes:
    blocks = [b"Rar!\x1a\x07\x00", _block4(0x73, main_flags, bytes(6))]
    for member in members:
        name = member.name.replace("/", "\\").encode(encoding)
        packed = member.data if member.packed is None else member.packed
        size = len(member.data) if member.size is None else member.size
        fields = struct.pack(
            "<IIBIIBBHI",
            len(packed),
            size,
            3,  # Unix
            zlib.crc32(member.data) if member.crc is None else member.crc,
            0x50210000,  # a DOS time
            29,  # the version that can read it
            member.method,
            len(name),
            member.mode,
        )
        blocks += [_block4(0x74, 0x8000 | member.flags, fields + name), packed]
    return b"".join([*blocks, _block4(0x7B, 0x4000, b"")])


def _block4(kind: int, flags: int, body: bytes) -> bytes:
    header = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header


def rar5(members: list[Member], main_flags: int = 0, before: bytes = b"") -> bytes:
    """`before`: the body of a block in front of the main one (4: headers are encrypted)."""
    main = _vint(1) + _vint(0) + _vint(main_flags)
    if main_flags & 2:  # a later volume: its number
        main += _vint(1)
    blocks = [b"Rar!\x1a\x07\x01\x00", *([_block5(before)] if before else []), _block5(main)]
    for member in members:
        name = member.name.encode()
        size = len(member.data) if member.size is None else member.size
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        packed = member.data if member.packed is None else member.packed
        record = member.extra
        if member.link is not None:
            kind, target = member.link
            record = _vint(5) + _vint(kind) + _vint(0) + _vint(len(target)) + target.encode()
        extra = _vint(len(record)) + record if record else b""
        header = _vint(2) + _vint((3 if extra else 2) | member.split)
        header += (_vint(len(extra)) if extra else b"") + _vint(len(packed))
        header += _vint(4) + _vint(size) + _vint(member.mode) + struct.pack("<I", crc)
        # Bits 7 to 9 of this number are the method: 0 is stored, 3 normal.
        header += _vint((member.method - 0x30) << 7) + _vint(1) + _vint(len(name)) + name + extra
        blocks += [_block5(header), packed]
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


def pack4(data: bytes) -> bytes:
    """`data` as RAR 4 compresses, but without a match: each byte is a symbol of its own."""
    # A block of LZ symbols with tables of its own: 299 + 60 + 17 + 28 lengths of codes. At its
    # end the symbol 256, and that the file ends too.
    return _bits("00" + _tables(299 + 60 + 17 + 28) + _literals(data) + "1" * 9 + "00")


def pack5(data: bytes) -> bytes:
    """The same as RAR 5 has it, in one last block with tables of its own."""
    symbols = _tables(306 + 64 + 16 + 44) + _literals(data)
    body = _bits(symbols)
    size = len(body).to_bytes(3, "little")
    flags = 0x80 | 0x40 | (len(size) - 1) << 3 | (len(symbols) - 1) % 8
    check = 0x5A ^ flags ^ size[0] ^ size[1] ^ size[2]
    return bytes((flags, check)) + size + body


def _tables(count: int) -> str:
    """Lengths of codes, themselves coded: 8 for 255 literals, 9 for the last one and for the
    symbol 256, 0 for the rest of `count`."""
    # Symbols for lengths: 8 and 9 are lengths; 17 repeats the last one 11 times and more; 18 is 3
    # zeros and more, 19 is 11 and more. Their own codes follow from these lengths.
    lengths = {8: 2, 17: 2, 19: 2, 9: 3, 18: 3}
    eight, repeat, many, nine, few = "00", "01", "10", "110", "111"
    rest = count - 257 - 138
    return (
        "".join(f"{lengths.get(symbol, 0):04b}" for symbol in range(20))
        + eight
        + f"{repeat}{138 - 11:07b}{repeat}{254 - 138 - 11:07b}"
        + nine
        + nine
        + f"{many}{138 - 11:07b}"
        + (f"{many}{rest - 11:07b}" if rest >= 11 else f"{few}{rest - 3:03b}")
    )


def _literals(data: bytes) -> str:
    return "".join(f"{byte:08b}" + "0" * (byte == 255) for byte in data)


def _bits(text: str) -> bytes:
    text = text.ljust(-(-len(text) // 8) * 8, "0")
    return int(text, 2).to_bytes(len(text) // 8, "big")
