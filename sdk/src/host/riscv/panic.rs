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

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..).ok_or(fmt::Error)?;
        let len = text.len().min(room.len());
        let (Some(room), Some(text)) = (room.get_mut(..len), text.as_bytes().get(..len)) else {
            return Err(fmt::Error);
        };
        room.copy_from_slice(text);
        self.len += len;
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let mut message = Message { bytes: [0; BYTES], len: 0 };
    let place = info.location().map_or(("", 0), |place| (place.file(), place.line()));
    let _ = write!(message, "{} ({}:{})", info.message(), place.0, place.1);
    env::panic(message.bytes.get(..message.len).unwrap_or_default())
}
