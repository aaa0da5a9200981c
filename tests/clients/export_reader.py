"""Reads an export of a log with nothing but the page at the head of services/journal/export.rs and that of the record in
services/journal/envelope.rs: what an archive or an auditor would write in ten years. Checks every length, number, hash
and the digest, record by record, holding one commit at a time.

Usage: export_reader.py FILE; prints `DISTRICT POSITION HASH`. Exits with 1 and a sentence when anything is not as it must be.
"""

import hashlib
import struct
import sys

RECORD_FIXED = 131


def fail(message):
    sys.exit(f"export_reader: {message}")


class Source:
    """The file, with its offset and the digest of what was read."""

    def __init__(self, file):
        self.file, self.offset, self.digest = file, 0, hashlib.sha256()

    def take(self, length):
        data = self.file.read(length)
        if len(data) != length:
            fail(f"byte {self.offset + len(data)}: the export ends in the middle")
        self.offset += length
        self.digest.update(data)
        return data


def check_records(records, commit, position, previous):
    """Walks the records of a commit; gives the last position and the last hash."""
    while records:
        magic, version, algorithm, length = struct.unpack_from(">4sBBI", records)
        if (magic, version, algorithm) != (b"INCR", 1, 1) or not RECORD_FIXED <= length <= len(records):
            fail(f"position {position + 1}: no record begins here")
        said = struct.unpack_from(">QQ", records, 14)
        if said != (commit, position + 1):
            fail(f"position {position + 1}: the record says commit and position {said}")
        if records[99:131] != previous:
            fail(f"position {position + 1}: it does not follow from the record before it")
        previous = hashlib.sha256(b"\0" + records[:length]).digest()
        position, records = position + 1, records[length:]
    return position, previous


def read(file):
    source = Source(file)
    magic, version, algorithm, district, _log_id = struct.unpack(">8sBB6s16s", source.take(32))
    if (magic, version, algorithm) != (b"INCLOGEX", 1, 1):
        fail("byte 0: this is no export of a log, or not of version 1")
    commit, position, previous = 0, 0, bytes(32)
    while (tag := source.take(4)) == b"CMIT":
        number, first, last, digest, length = struct.unpack(">QQQ32sI", source.take(60))
        if (number, first) != (commit + 1, position + 1):
            fail(f"position {position + 1}: commit {number} from {first} on does not follow")
        position, previous = check_records(source.take(length), number, position, previous)
        if (last, digest) != (position, previous):
            fail(f"position {position}: commit {number} does not end as it says")
        commit = number
    if tag != b"TAIL":
        fail(f"byte {source.offset - 4}: neither a commit nor the trailer begins here")
    if struct.unpack(">QQQ32s", source.take(56)) != (commit, position, position, previous):
        fail(f"byte {source.offset - 56}: the trailer is not that of these records")
    expected = source.digest.digest()
    if source.take(32) != expected:
        fail(f"byte {source.offset - 32}: the digest is not that of this file")
    if file.read(1):
        fail(f"byte {source.offset}: there is more behind the end")
    return district.decode(), position, previous.hex()


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as export:
        print(*read(export))
