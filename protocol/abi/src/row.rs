//! The form of a row of the table.

use core::fmt;

/// One host call.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The call number, in a7.
    pub number: u32,
    /// The name in messages, documentation and the guest library.
    pub name: &'static str,
    /// A description of the call, in Markdown.
    pub doc: &'static str,
    /// The arguments, in the order of their registers from a0 on.
    pub arguments: &'static [Argument],
    /// Gas of the call itself, besides the ECALL (rule G6, step 2).
    pub base: u32,
    /// Gas per byte of each [`Kind::Bytes`] and [`Kind::Buffer`] (rule G6, step 5).
    pub per_byte: u32,
    /// Gas per item of each [`Kind::Items`] (rule G6, step 5).
    pub per_item: u32,
    /// The effect of the call.
    pub effect: Effect,
}

/// One argument of a host call.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// The name in documentation and the guest library.
    pub name: &'static str,
    /// The contents of the registers.
    pub kind: Kind,
}

/// The contents of the registers of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number in one register.
    Number,
    /// A number of 64 bits in two registers, low half first.
    Wide,
    /// Address and length of bytes that are read; more than `max` of them trap with `HostLimit`.
    Bytes {
        /// The cap on the length.
        max: u32,
    },
    /// Address and number of items that are read; more than `max` of them trap with `HostLimit`.
    Items {
        /// Bytes of one item.
        size: u32,
        /// The cap on the number.
        max: u32,
    },
    /// Address of a fixed number of bytes that are read.
    In {
        /// The number of bytes.
        size: u32,
    },
    /// Address of a fixed number of bytes that are written.
    Out {
        /// The number of bytes.
        size: u32,
    },
    /// Address and length of a range that is written; more than `max` bytes trap with `HostLimit`.
    Buffer {
        /// The cap on the length.
        max: u32,
    },
    /// Address of as many bytes as the argument before has, which are read.
    SameIn,
    /// Address of as many bytes as the argument before has, which are written.
    SameOut,
}

/// The effect of a host call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing but the frame itself: allowed in every frame.
    Frame,
    /// State, balances or events: traps with `StaticViolation` in a read-only frame.
    State,
    /// The frame ends: the call does not come back.
    Ends,
}

impl Kind {
    /// How many argument registers it takes.
    pub const fn registers(self) -> usize {
        match self {
            Self::Number | Self::In { .. } | Self::Out { .. } | Self::SameIn | Self::SameOut => 1,
            Self::Wide | Self::Bytes { .. } | Self::Items { .. } | Self::Buffer { .. } => 2,
        }
    }
}

impl Row {
    /// How many argument registers the call uses; six at most.
    pub const fn registers(&self) -> usize {
        let mut sum = 0;
        let mut index = 0;
        while index < self.arguments.len() {
            sum += self.arguments[index].kind.registers();
            index += 1;
        }
        sum
    }

    /// Name and arguments, as documentation shows them.
    pub fn signature(&self) -> Signature<'_> {
        Signature(self)
    }
}

/// Shows name and arguments of a row.
#[derive(Clone, Copy, Debug)]
pub struct Signature<'a>(&'a Row);

impl fmt::Display for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.0.name)?;
        for (index, argument) in self.0.arguments.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}: {}", argument.name, argument.kind)?;
        }
        f.write_str(")")
    }
}

impl PartialEq<&str> for Signature<'_> {
    fn eq(&self, other: &&str) -> bool {
        struct Rest<'a>(&'a str);
        impl fmt::Write for Rest<'_> {
            fn write_str(&mut self, piece: &str) -> fmt::Result {
                self.0 = self.0.strip_prefix(piece).ok_or(fmt::Error)?;
                Ok(())
            }
        }
        let mut rest = Rest(other);
        fmt::write(&mut rest, format_args!("{self}")).is_ok() && rest.0.is_empty()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number => f.write_str("u32"),
            Self::Wide => f.write_str("u64"),
            Self::Bytes { .. } => f.write_str("bytes"),
            Self::Items { size, .. } => write!(f, "items[{size}]"),
            Self::In { size } => write!(f, "in[{size}]"),
            Self::Out { size } => write!(f, "out[{size}]"),
            Self::Buffer { .. } => f.write_str("buffer"),
            Self::SameIn => f.write_str("in[same]"),
            Self::SameOut => f.write_str("out[same]"),
        }
    }
}
