//! CRC-32: a load whose address depends on the load before it.

use crate::{
    Workload,
    mix::{Random, fold},
};

/// Bytes per message.
const LENGTH: usize = 4096;

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "crc32",
    summary: "Computes the CRC-32 of a message of 4 KiB from a table of 256 words, n times.",
    run,
    n: 1800,
    small_n: 6,
    small_checksum: 0xb687_58e6,
};

/// The remainder of every byte, for the reflected IEEE polynomial.
static TABLE: [u32; 256] = table();

/// Computes the CRC of `n` messages, each changed by the one before.
pub fn run(n: u32) -> u32 {
    let mut random = Random::new(n);
    let mut message = [0; LENGTH];
    for byte in &mut message {
        *byte = random.next() as u8;
    }
    (0..n).fold(0, |checksum, round| {
        let crc = crc32(&message);
        message[round as usize % LENGTH] ^= crc as u8;
        fold(checksum, crc)
    })
}

/// The CRC-32 of `message`, one byte at a time.
fn crc32(message: &[u8]) -> u32 {
    !message.iter().fold(!0, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8))
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            let carry = remainder & 1;
            remainder = (remainder >> 1) ^ (carry * 0xedb8_8320);
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
