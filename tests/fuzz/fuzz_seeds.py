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


def main() -> None:
    """Write one seed for each kind of message seen, and one session for each recording."""
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
    _keep("agent", sessions)


if __name__ == "__main__":
    main()
