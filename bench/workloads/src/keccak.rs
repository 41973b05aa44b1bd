//! Keccak-256: 64-bit logic and rotations, which RV32 has to make out of 32-bit halves.

use crate::{
    Workload,
    mix::{Random, fold_bytes},
};

/// Bytes that one permutation absorbs.
const RATE: usize = 136;

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "keccak",
    summary: "Hashes a message of 1,088 bytes with Keccak-256, n times, each digest part of the next.",
    run,
    n: 6000,
    small_n: 3,
    small_checksum: 0x19d4_e9eb,
};

/// Iota: one constant per round.
#[rustfmt::skip]
const ROUND: [u64; 24] = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
    0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
];

/// Rho and pi, as the walk that visits every lane but the first: where to, and rotated by how much.
#[rustfmt::skip]
const WALK: [(usize, u32); 24] = [
    (10, 1), (7, 3), (11, 6), (17, 10), (18, 15), (3, 21), (5, 28), (16, 36),
    (8, 45), (21, 55), (24, 2), (4, 14), (15, 27), (23, 41), (19, 56), (13, 8),
    (12, 25), (2, 43), (20, 62), (14, 18), (22, 39), (9, 61), (6, 20), (1, 44),
];

/// Hashes `n` messages in a chain.
pub fn run(n: u32) -> u32 {
    let mut random = Random::new(n);
    let mut message = [0; 8 * RATE];
    for byte in &mut message {
        *byte = random.next() as u8;
    }
    for _ in 0..n {
        let digest = digest(&message);
        message[..32].copy_from_slice(&digest);
    }
    fold_bytes(0, &message)
}

/// The Keccak-256 digest of `message`, with the padding that Ethereum uses.
fn digest(message: &[u8]) -> [u8; 32] {
    let mut state = [0; 25];
    let (blocks, tail) = message.as_chunks::<RATE>();
    for block in blocks {
        absorb(&mut state, block);
    }
    let mut last = [0; RATE];
    last[..tail.len()].copy_from_slice(tail);
    last[tail.len()] = 0x01;
    last[RATE - 1] |= 0x80;
    absorb(&mut state, &last);

    let mut digest = [0; 32];
    for (bytes, lane) in digest.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *bytes = lane.to_le_bytes();
    }
    digest
}

/// Mixes one block into the state.
fn absorb(state: &mut [u64; 25], block: &[u8; RATE]) {
    for (lane, bytes) in state.iter_mut().zip(block.as_chunks::<8>().0) {
        *lane ^= u64::from_le_bytes(*bytes);
    }
    permute(state);
}

/// Keccak-f\[1600\].
fn permute(state: &mut [u64; 25]) {
    for constant in ROUND {
        // Theta.
        let mut parity = [0; 5];
        for x in 0..5 {
            parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        }
        for x in 0..5 {
            let change = parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1);
            for y in 0..5 {
                state[x + 5 * y] ^= change;
            }
        }
        // Rho and pi.
        let mut moving = state[1];
        for (to, distance) in WALK {
            let displaced = state[to];
            state[to] = moving.rotate_left(distance);
            moving = displaced;
        }
        // Chi.
        for y in 0..5 {
            let mut row = [0; 5];
            row.copy_from_slice(&state[5 * y..5 * y + 5]);
            for x in 0..5 {
                state[5 * y + x] = row[x] ^ (!row[(x + 1) % 5] & row[(x + 2) % 5]);
            }
        }
        state[0] ^= constant;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First eight bytes of the digest.
    fn head(message: &[u8]) -> u64 {
        u64::from_be_bytes(*digest(message).first_chunk().unwrap())
    }

    #[test]
    fn known_digests() {
        assert_eq!(head(b""), 0xc5d2_4601_86f7_233c);
        assert_eq!(head(b"abc"), 0x4e03_657a_ea45_a94f);
        assert_eq!(head(b"transfer(address,uint256)"), 0xa905_9cbb_2ab0_9eb2);
    }
}
