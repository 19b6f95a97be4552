"""One of several drawing processes: writes the bytes of its cars to standard output."""

import sys

from gan.data.drawn import draw_one

first, count, step, size, seed = map(int, sys.argv[1:])
for number in range(first, count, step):
    sys.stdout.buffer.write(draw_one(number, size, seed).tobytes())
sys.stdout.buffer.flush()
