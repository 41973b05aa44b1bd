//! A panic reverts, and says why and where.

use core::fmt::{self, Write};
use core::panic::{Location, PanicInfo};

use crate::fail::panic_data;
use crate::{env, host};

/// Bytes of a message; what is longer is cut.
const BYTES: usize = 512;

struct Message {
    bytes: [u8; BYTES],
    len: usize,
}

impl Message {
    const fn new() -> Self {
        Self { bytes: [0; BYTES], len: 0 }
    }

    #[inline(never)]
    fn append(&mut self, text: &[u8]) {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        room.iter_mut().zip(text).for_each(|(room, byte)| *room = *byte);
        self.len = BYTES.min(self.len + text.len());
    }

    fn number(&mut self, number: u32) {
        let mut digits = [0; 10];
        let (mut rest, mut first) = (number, digits.len());
        for (index, digit) in digits.iter_mut().enumerate().rev() {
            if rest == 0 {
                break;
            }
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            first = index;
        }
        self.append(digits.get(first..).unwrap_or_default());
    }

    /// Adds a place.
    fn place(&mut self, place: &Location<'_>) {
        self.append(b" (");
        self.append(place.file().as_bytes());
        self.append(b":");
        self.number(place.line());
        self.append(b")");
    }

    fn written(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.append(text.as_bytes());
        Ok(())
    }
}

/// Panics with a constant message, at the place of the caller.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn fail(message: &'static str) -> ! {
    env::panic(located(message, Location::caller()).written())
}

/// Reverts with `Panic(code)`, and writes message and place to the debug log: the revert data has no
/// room for them.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn arithmetic(code: u8, message: &'static str) -> ! {
    host::log(located(message, Location::caller()).written());
    env::revert(&panic_data(code))
}

fn located(message: &str, place: &Location<'_>) -> Message {
    let mut text = Message::new();
    text.append(message.as_bytes());
    text.place(place);
    text
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let mut message = Message::new();
    let _ = match info.message().as_str() {
        Some(text) => message.write_str(text),
        None => write!(message, "{}", info.message()),
    };
    if let Some(place) = info.location() {
        message.place(place);
    }
    env::panic(message.written())
}
