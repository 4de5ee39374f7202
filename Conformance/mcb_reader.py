"""Reads the weights of a `.mcb` file. Written from docs/mcb.md alone."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import xxhash
import zstandard

MAGIC = b"\x89MCB\r\n\x1a\n"
BLOCK = 1 << 20
NUMPY = {
    "f64": "<f8", "f32": "<f4", "f16": "<f2", "i64": "<i8", "i32": "<i4", "i16": "<i2", "i8": "i1",
    "u64": "<u8", "u32": "<u4", "u16": "<u2", "u8": "u1", "bool": "?", "c64": "<c8", "c128": "<c16",
}  # fmt: skip


class Cursor:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self) -> str:
        return self.take(self.number()).decode()


def section_bytes(file: bytes, section: tuple) -> bytes:
    """The decoded bytes of a section, once its checksum is found right."""
    kind, encoding, offset, stored, count, checksum = section
    data = file[offset : offset + stored]
    if encoding == "raw":
        blocks = [data[at : at + BLOCK] for at in range(0, stored, BLOCK)]
    else:
        assert encoding == "zstd", f"unknown encoding {encoding}"
        frames = -(-count // BLOCK)
        sizes = struct.unpack(f"<{frames}I", data[stored - 4 * frames :])
        blocks = [data[sum(sizes[:i]) : sum(sizes[: i + 1])] for i in range(frames)] + [data[stored - 4 * frames :]]
    hashes = b"".join(struct.pack("<Q", xxhash.xxh3_64_intdigest(block)) for block in blocks)
    assert xxhash.xxh3_64_intdigest(hashes) == checksum, f"a {kind} section is damaged"
    if encoding == "raw":
        return data
    return b"".join(zstandard.ZstdDecompressor().decompress(block, max_output_size=BLOCK) for block in blocks[:-1])


def weights(path: Path) -> dict[str, np.ndarray | bytes]:
    """The weights by name; of element types that numpy has not, their bytes."""
    file = path.read_bytes()
    assert file[:12] == MAGIC + struct.pack("<I", 1), "no .mcb file of version 1"
    table_at, table_count, checksum = struct.unpack("<QQQ", file[-32:-8])
    table = file[table_at : table_at + table_count]
    assert file[-8:] == MAGIC and xxhash.xxh3_64_intdigest(table) == checksum, "the table is damaged"
    cursor = Cursor(table)
    for _ in range(cursor.number()):
        cursor.text(), cursor.number()
    sections = []
    for _ in range(cursor.number()):
        section = cursor.text(), cursor.text(), cursor.number(), cursor.number(), cursor.number()
        sections.append((*section, *struct.unpack("<Q", cursor.take(8))))
    decoded = [section_bytes(file, section) for section in sections]
    found: dict[str, np.ndarray | bytes] = {}
    for _ in range(cursor.number()):
        name, element_type = cursor.text(), cursor.text()
        shape = [cursor.number() for _ in range(cursor.number())]
        data, offset = decoded[cursor.number()], cursor.number()
        count = int(np.prod(shape, dtype=np.int64))
        if element_type in NUMPY:
            found[name] = np.frombuffer(data, NUMPY[element_type], count, offset).reshape(shape)
        else:
            bits = 2 if element_type in ("i2", "u2") else 4 if element_type in ("i4", "u4", "f4e2m1fn") else 8
            bits = 6 if element_type in ("f6e2m3fn", "f6e3m2fn") else bits
            bits = 16 if element_type == "bf16" else bits
            found[name] = data[offset : offset + -(-count * bits // 8)]
    return found
