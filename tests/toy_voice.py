"""Voices of less than a kilobyte that hum: an ONNX model written as bytes, for tests without a hub.

`piper_model` has the inputs and outputs of a voice of Piper's, and inside it the tensor with the
frames of each phoneme id; `kokoro_model` those of Kokoro-82M. Each id takes as long as the next.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

FLOAT, INT64 = 1, 7


def number(value: int) -> bytes:
    """A whole number as protocol buffers write it."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(key: int, value: int | bytes | str) -> bytes:
    """A field of a message: a number, or bytes with their length."""
    if isinstance(value, int):
        return number(key << 3) + number(value)
    data = value.encode() if isinstance(value, str) else value
    return number(key << 3 | 2) + number(len(data)) + data


def node(kind: str, inputs: Sequence[str], output: str, **attributes: int) -> bytes:
    told = b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind)
    for name, value in attributes.items():
        told += field(5, field(1, name) + field(3, value) + field(20, 2))
    return field(1, told)


def value(key: int, name: str, kind: int, dimensions: Sequence[int | str]) -> bytes:
    """An input (11) or an output (12) of a graph."""
    shape = b"".join(
        field(1, field(1, size) if isinstance(size, int) else field(2, size)) for size in dimensions
    )
    return field(key, field(1, name) + field(2, field(1, field(1, kind) + field(2, shape))))


def constant(
    name: str, kind: int, values: Sequence[float], dimensions: Sequence[int] = ()
) -> bytes:
    raw = struct.pack(f"<{len(values)}{'f' if kind == FLOAT else 'q'}", *values)
    sizes = b"".join(field(1, size) for size in dimensions)
    return field(5, sizes + field(2, kind) + field(8, name) + field(9, raw))


def hum(ids: str, steps: str, frames: float, hop: int, hertz: int, shape: Sequence[int]) -> bytes:
    """Nodes from the ids and their stretch to a tone of 220 Hz, `frames` of `hop` samples an id."""
    return b"".join(
        [
            node("Cast", [ids], "ids", to=FLOAT),
            node("Mul", ["ids", "zero"], "none"),
            node("Mul", ["stretch", "per"], "each"),
            node("Add", ["none", "each"], "exact"),
            node("Ceil", ["exact"], steps),
            node("ReduceSum", [steps], "frames", keepdims=0),
            node("Mul", ["frames", "hop"], "length"),
            node("Cast", ["length"], "count", to=INT64),
            node("Range", ["start", "count", "step"], "places"),
            node("Cast", ["places"], "time", to=FLOAT),
            node("Mul", ["time", "omega"], "phase"),
            node("Sin", ["phase"], "tone"),
            node("Reshape", ["tone", "shape"], "output"),
            field(2, "hum"),
            constant("zero", FLOAT, [0.0]),
            constant("per", FLOAT, [frames]),
            constant("hop", FLOAT, [float(hop)]),
            constant("omega", FLOAT, [6.2831853 * 220 / hertz]),
            constant("start", INT64, [0]),
            constant("step", INT64, [1]),
            constant("shape", INT64, list(shape), [len(shape)]),
        ]
    )


def model(graph: bytes) -> bytes:
    return field(1, 8) + field(2, "tests") + field(7, graph) + field(8, field(1, "") + field(2, 17))


def piper_model() -> bytes:
    """A voice of Piper's."""
    return model(
        node("Gather", ["scales", "one"], "stretch")
        + hum("input", "/Ceil_output_0", 3.0, 256, 22_050, [1, 1, 1, -1])
        + constant("one", INT64, [1])
        + value(11, "input", INT64, [1, "L"])
        + value(11, "input_lengths", INT64, [1])
        + value(11, "scales", FLOAT, [3])
        + value(12, "output", FLOAT, [1, 1, 1, "T"])
    )


def kokoro_model() -> bytes:
    """A Kokoro."""
    return model(
        node("Div", ["unit", "speed"], "ratio")
        + node("ReduceSum", ["style"], "ignored", keepdims=0)
        + node("Mul", ["ignored", "zero"], "silent")
        + node("Add", ["ratio", "silent"], "stretches")
        + node("Gather", ["stretches", "first"], "stretch")
        + hum("tokens", "/encoder/Clip_output_0", 3.0, 600, 24_000, [-1])
        + constant("unit", FLOAT, [1.0])
        + constant("first", INT64, [0])
        + value(11, "tokens", INT64, [1, "L"])
        + value(11, "style", FLOAT, [1, 256])
        + value(11, "speed", FLOAT, [1])
        + value(12, "output", FLOAT, ["T"])
    )


def piper_settings(language: str = "en_US") -> dict[str, Any]:
    """What lies beside a voice of Piper's."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    return {
        "audio": {"sample_rate": 22_050, "quality": "toy"},
        "espeak": {"voice": language.split("_")[0]},
        "language": {"code": language},
        "hop_length": 256,
        "inference": {"noise_scale": 0.0, "length_scale": 1.0, "noise_w": 0.0},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": 256,
        "num_speakers": 1,
        "speaker_id_map": {},
        "piper_version": "1.0.0",
    }


def piper_voice(folder: Path, name: str = "en_US-toy-low") -> Path:
    """A voice of Piper's in a folder, with its settings beside it."""
    path = folder / f"{name}.onnx"
    path.write_bytes(piper_model())
    Path(f"{path}.json").write_text(json.dumps(piper_settings(name[:5])), "utf-8")
    return path


def kokoro_voice(folder: Path, *names: str) -> Path:
    """A Kokoro in a folder, with voices beside it."""
    path = folder / "kokoro.onnx"
    path.write_bytes(kokoro_model())
    for name in names:
        (folder / f"{name}.bin").write_bytes(np.zeros((510, 1, 256), np.float32).tobytes())
    return path
