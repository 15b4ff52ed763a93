"""Seeds for the corpus, out of the recorded traffic and the wire vectors: ``python tests/fuzz/fuzz_seeds.py``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from fuzz_targets import pack

from rig import xrce

CORPUS = Path(__file__).resolve().parent / "corpus"
TRANSCRIPTS = Path(__file__).resolve().parents[1] / "data" / "transcripts"
_LARGEST = 1024


def _records(path: Path) -> list[tuple[bool, bytes]]:
    """(to the Agent, message) of each recorded message."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(row["dir"] == "c2a", bytes.fromhex(row["hex"])) for row in rows if "hex" in row]


def _keep(target: str, seeds: dict[bytes, bytes]) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for data in seeds.values():
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def _message(session: int, stream: int, sequence: int, *items: xrce.Submessage, key: bytes | None = None) -> bytes:
    header = xrce.Header(session_id=session, stream_id=stream, sequence=sequence, client_key=key)
    return xrce.encode_message(xrce.Message(header=header, submessages=items))


def _login(*, session: int = 0x81, mtu: int = 508, **properties: str) -> bytes:
    item = xrce.CreateClient(client_key=b"seed", session_id=session, mtu=mtu, properties=tuple(properties.items()))
    return _message(0x80 if session >= 0x80 else 0, 0, 0, item, key=None if session >= 0x80 else b"seed")


def _hostile() -> dict[bytes, bytes]:
    """Sessions that no decent Client has: each once cost the Agent something."""
    create = xrce.Create(
        request_id=10,
        object_id=0x11,
        object_kind=1,
        representation=xrce.RepresentationFormat.BIN,
        body=b"\0\0",
        domain_id=0,
    )
    farewell = xrce.Delete(request_id=11, object_id=xrce.OBJECT_CLIENT)
    item = xrce.encode_submessage(xrce.WriteData(request_id=1, object_id=0x15, data=bytes(40)))
    halves = (xrce.Fragment(data=item[:24], last=False), xrce.Fragment(data=item[24:], last=True))
    gap = xrce.Heartbeat(first_unacked=2, last=3, stream_id=0x80)
    times = ("\u00b2", "9" * 400, "9" * 10, "0", "000500")
    sessions = {
        "liveliness": [(0x50, _login(uxr_hl=text)) for text in times],
        "farewell": [
            (0x10, _login()),
            *((0, _message(0x81, 0x80, number, create)) for number in (2, 3)),
            (0, _message(0x81, 0x80, 1, xrce.Reset())),
            (0x10, _message(0x81, 0x80, 0, farewell)),
        ],
        "gap": [
            (0, _login(mtu=1)),
            (0, _message(0x81, 0x80, 0, halves[0])),
            (0, _message(0x81, 0x80, 2, halves[0])),
            (0, _message(0x81, 0x80, 3, halves[1])),
            (0x10, _message(0x81, 0, 0, gap)),
        ],
        "moved": [
            (0, _login(session=1, uxr_sm="1", rig_lo="1")),
            (0, _message(1, 0x80, 0, create, key=b"seed")),
            (1, _message(1, 0x80, 1, create, key=b"seed")),
            (0x21, _message(1, 1, 0, create, key=b"seed")),
            (0x10, _message(1, 0x80, 2, farewell, key=b"seed")),
        ],
        "unconfirmed": [(0, _login()), *((0x4E, _message(0x81, 0x80, n, *[create] * 40)) for n in range(8))],
    }
    return {name.encode(): pack(messages) for name, messages in sessions.items()}


def main() -> None:
    """Write one seed for each kind of message seen, and one session for each recording and each known attack."""
    kinds: dict[bytes, bytes] = {}
    frames: dict[bytes, bytes] = {}
    sessions: dict[bytes, bytes] = {}
    for path in sorted(TRANSCRIPTS.glob("*.jsonl")):
        serial = path.name.startswith("serial")
        to_agent: list[tuple[int, bytes]] = []
        for up, data in _records(path):
            messages = [data]
            if serial:
                messages = [e.payload for e in xrce.FrameDecoder().feed(data) if isinstance(e, xrce.Frame)]
            for message in messages:
                if len(message) > _LARGEST or len(message) < 6:
                    continue
                offset = 4 if message[0] >= 0x80 else 8
                kind = message[offset : offset + 2] + bytes((message[1], len(message) // 32))
                kinds.setdefault(kind, message)
                frames.setdefault(kind, xrce.encode_frame(message, source=1, destination=0))
                if up:
                    to_agent.append((0x10, message))
        if to_agent:
            sessions[path.stem.encode()] = pack(to_agent[:24])
    _keep("codec", kinds)
    _keep("framing", frames)
    _keep("agent", sessions | _hostile())


if __name__ == "__main__":
    main()
