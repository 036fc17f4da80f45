"""Crypto-PAn over whole columns: addresses change, who is whose neighbour does not.

Xu, Fan, Ammar and Moon, "Prefix-preserving IP address anonymization" (ICNP 2002): bit n of an
address is turned or not by a pseudo-random function of the n bits before it.
"""

from collections.abc import Callable

import numpy as np

from maskr.texts import Bytes

_BLOCK = 16


def anonymised(encrypt: Callable[[bytes], bytes], pad: bytes, addresses: Bytes) -> Bytes:
    """The addresses' images, one for one.

    Args:
        encrypt: a block cipher over any number of 16-byte blocks.
        pad: a secret block, which fills up what is not known yet of an address.
        addresses: an array of shape (rows, 4) or (rows, 16).
    """
    rows, width = addresses.shape
    known = np.zeros((rows, _BLOCK), np.uint8)
    known[:, :width] = addresses
    unknown = np.frombuffer(pad, np.uint8)
    turned = np.zeros((rows, 8 * width), np.uint8)
    bits = np.arange(8 * _BLOCK)
    for place in range(8 * width):
        before = np.packbits(bits < place)
        blocks = (known & before) | (unknown & ~before)
        turned[:, place] = np.frombuffer(encrypt(blocks.tobytes()), np.uint8)[::_BLOCK] >> 7
    return addresses ^ np.packbits(turned, axis=1)
