//! A panic reverts, and says why and where.

use core::fmt::{self, Write};
use core::panic::PanicInfo;

use crate::env;

/// Bytes of a message; what is longer is cut.
const BYTES: usize = 512;

struct Message {
    bytes: [u8; BYTES],
    len: usize,
}

impl Message {
    fn number(&mut self, number: u32) {
        if number >= 10 {
            self.number(number / 10);
        }
        let digit = [b'0' + (number % 10) as u8];
        let _ = self.write_str(str::from_utf8(&digit).unwrap_or_default());
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        room.iter_mut().zip(text.as_bytes()).for_each(|(room, byte)| *room = *byte);
        self.len = BYTES.min(self.len + text.len());
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let mut message = Message { bytes: [0; BYTES], len: 0 };
    // Most messages are constant, and most contracts link no code for others.
    let _ = match info.message().as_str() {
        Some(text) => message.write_str(text),
        None => write!(message, "{}", info.message()),
    };
    if let Some(place) = info.location() {
        let _ = message.write_str(" (");
        let _ = message.write_str(place.file());
        let _ = message.write_str(":");
        message.number(place.line());
        let _ = message.write_str(")");
    }
    env::panic(message.bytes.get(..message.len).unwrap_or_default())
}
