//! The host-call table, as literal numbers.

/// The contents of the registers of an argument.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Number,
    Wide,
    /// Address and length of bytes to read, with a cap.
    Bytes(u32),
    /// Address and number of items to read, with their size and a cap.
    Items(u32, u32),
    /// Address of so many bytes to read.
    In(u32),
    /// Address of so many bytes to write.
    Out(u32),
    /// Address and length of bytes to write, with a cap.
    Buffer(u32),
    /// Address of as many bytes to read as the argument before has.
    SameIn,
    /// Address of as many bytes to write as the argument before has.
    SameOut,
}

pub(super) struct Row {
    pub(super) base: u64,
    pub(super) byte: u64,
    pub(super) item: u64,
    /// Whether the call changes state.
    pub(super) state: bool,
    pub(super) arguments: &'static [Kind],
}

use Kind::{Buffer, Bytes, In, Items, Number, Out, SameIn, SameOut, Wide};

const KEY: Kind = Bytes(64);
const VALUE: Kind = Bytes(16_384);
const DATA: Kind = Bytes(65_536);
const BULK: u32 = 16 << 20;

/// The rows that the model knows; the rest is not modelled.
pub(super) fn row(number: u32) -> Option<Row> {
    let frame = |base, byte, arguments| Row { base, byte, item: 0, state: false, arguments };
    let state = |base, byte, arguments| Row { base, byte, item: 0, state: true, arguments };
    Some(match number {
        0x01 => frame(10, 0, &[]),
        0x02 => frame(20, 1, &[Number, Buffer(BULK)]),
        0x03 | 0x04 => frame(50, 1, &[DATA]),
        0x05 => frame(200, 1, &[Bytes(4096)]),
        0x06 => frame(10, 0, &[]),
        0x07 => frame(20, 1, &[Number, Buffer(BULK)]),
        0x08 => frame(10, 0, &[Out(8)]),
        0x09 => frame(20, 0, &[Number]),

        0x10..=0x12 => frame(20, 0, &[Out(20)]),
        0x13 => frame(20, 0, &[Out(32)]),
        0x14 => frame(200, 0, &[In(20), Out(32)]),
        0x15..=0x17 => frame(20, 0, &[Out(8)]),
        0x18 => frame(200, 0, &[In(20), Out(32)]),

        0x20 => frame(300, 1, &[KEY, Buffer(16_384)]),
        0x21 => state(500, 2, &[KEY, VALUE]),
        0x22 => state(500, 2, &[KEY]),
        0x23 => frame(200, 1, &[KEY, Buffer(16_384)]),
        0x24 => state(300, 2, &[KEY, VALUE]),
        0x25 => state(300, 2, &[KEY]),
        0x26 => Row { item: 200, ..state(1000, 4, &[Items(32, 4), VALUE]) },
        0x27 => frame(100, 1, &[Bytes(4096)]),

        0x30 => frame(25_000, 1, &[In(20), In(32), DATA, Wide]),
        0x31 | 0x32 => frame(25_000, 1, &[In(20), DATA, Wide]),
        0x33 => state(25_000, 100, &[Bytes(1 << 20), Out(32)]),
        0x34 => state(50_000, 1, &[In(32), In(32), DATA, Out(20)]),
        0x35 => state(50_000, 1, &[In(32), In(32), DATA, In(32), Out(20)]),

        0x40 => frame(100, 0, &[Number]),
        0x41 => frame(20, 1, &[Bytes(BULK), SameOut]),
        0x42 => frame(20, 1, &[Buffer(BULK), Number]),
        0x43 => frame(20, 1, &[Bytes(BULK), SameIn]),
        _ => return None,
    })
}
