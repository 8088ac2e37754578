"""Draws icon.png and icon@2x.png, a ticket, with nothing but Python's own library."""

import os
import struct
import zlib

FINE = 8  # Points per pixel, in each direction, that are averaged.
RED, CREAM = (185, 45, 20), (255, 248, 239)


def is_ticket(x, y):
    """Whether a point of the unit square belongs to the ticket."""
    x, y = x - 0.5, y - 0.5
    left, top = abs(x) - 0.30, abs(y) - 0.17
    round_corner = max(left, 0) ** 2 + max(top, 0) ** 2 <= 0.05**2
    notch = (abs(x) - 0.35) ** 2 + y**2 < 0.075**2
    perforation = abs(x + 0.11) < 0.016 and (y * 11 + 0.25) % 1 < 0.5
    return round_corner and not notch and not perforation


def colour(column, row, size):
    """The average colour of a pixel."""
    side = size * FINE
    points = [(column * FINE + i + 0.5, row * FINE + j + 0.5) for i in range(FINE) for j in range(FINE)]
    share = sum(is_ticket(x / side, y / side) for x, y in points) / len(points)
    return bytes(round(red + (cream - red) * share) for red, cream in zip(RED, CREAM))


def chunk(kind, data):
    """One chunk of a PNG (ISO/IEC 15948, 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(size):
    """A square picture in 8-bit RGB."""
    rows = (b"\0" + b"".join(colour(x, y, size) for x in range(size)) for y in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


for name, size in ("icon.png", 29), ("icon@2x.png", 58):
    with open(os.path.join(os.path.dirname(__file__), name), "wb") as file:
        file.write(png(size))
