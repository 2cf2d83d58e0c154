"""Frames: bytes to fields and back, however the network cuts them up."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading_simulator.messages.framing import (
    LONGEST_FRAME,
    FrameReader,
    MalformedFrame,
    PrefixReader,
    fields_of,
    frame,
)

FIELD = st.text(st.characters(min_codepoint=1, max_codepoint=126), max_size=20)
MESSAGES = st.lists(st.lists(FIELD, min_size=1, max_size=8), max_size=6)


@given(messages=MESSAGES, cuts=st.lists(st.integers(1, 40), max_size=30))
def test_messages_arrive_whole_and_in_order_however_they_are_cut_up(
    messages: list[list[str]], cuts: list[int]
) -> None:
    stream = b"".join(frame(fields) for fields in messages)
    reader = FrameReader()
    arrived = []
    for cut in [*cuts, len(stream)]:
        arrived += [list(fields_of(payload)) for payload in reader.feed(stream[:cut])]
        stream = stream[cut:]
    assert arrived == messages


def test_a_frame_is_its_length_and_fields_that_each_end_with_nul() -> None:
    assert frame(("9", "1", "7")) == b"\x00\x00\x00\x069\x001\x007\x00"


def test_characters_outside_ascii_are_escaped_as_the_gateway_does() -> None:
    assert frame(("Zürich",))[4:] == b"Z\\xfcrich\x00"


@pytest.mark.parametrize("length", [0, LONGEST_FRAME + 1, 0x47455420])
def test_a_length_that_no_client_would_send_is_malformed(length: int) -> None:
    with pytest.raises(MalformedFrame, match=str(length)):
        FrameReader().feed(struct.pack(">I", length))


@pytest.mark.parametrize("payload", [b"", b"71\x002"])
def test_a_message_without_its_last_nul_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedFrame, match="NUL"):
        fields_of(payload)


@given(rest=st.binary(max_size=20), cut=st.integers(1, 4))
def test_the_prefix_is_taken_off_in_one_piece_or_several(rest: bytes, cut: int) -> None:
    stream = b"API\0" + rest
    prefix = PrefixReader()
    first = prefix.feed(stream[:cut])
    taken = first if first is not None else b""
    if first is None:
        taken = prefix.feed(stream[cut:]) or b""
    else:
        taken += stream[cut:]
    assert taken == rest


def test_a_connection_that_does_not_begin_with_the_prefix_is_malformed() -> None:
    with pytest.raises(MalformedFrame, match="GET"):
        PrefixReader().feed(b"GET / HTTP/1.1\r\n")
