//! The compression function F of BLAKE2b (RFC 7693, section 3.2), encoded as in EIP-152.
//!
//! The 213 bytes are: rounds (4 bytes, most significant first), state h (8 words), message m (16
//! words), counter t (2 words), and the final flag (1 byte). Words have 8 bytes, least significant
//! first. A flag other than 0 or 1 is refused; every number of rounds is taken, 0 included.

/// Bytes of the input.
pub const INPUT: usize = 213;

/// Gas of one round.
pub const ROUND_PRICE: u64 = 50;

const IV: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// Gas of the rounds, besides the price of the row: to be charged before [`blake2f`] runs, as its
/// time is proportional to it. Input that is refused costs the same.
pub fn price(input: &[u8; INPUT]) -> u64 {
    u64::from(rounds(input)) * ROUND_PRICE
}

/// The state after the rounds, or `None` for a final flag other than 0 or 1.
pub fn blake2f(input: &[u8; INPUT]) -> Option<[u8; 64]> {
    let last = match input[INPUT - 1] {
        0 => 0,
        1 => u64::MAX,
        _ => return None,
    };
    let words = |from: usize| input[from..].as_chunks::<8>().0.iter().copied();
    let mut h = [0; 8];
    fill(&mut h, words(4));
    let mut m = [0; 16];
    fill(&mut m, words(68));
    let mut t = [0; 2];
    fill(&mut t, words(196));

    let mut v = [0; 16];
    v[..8].copy_from_slice(&h);
    v[8..].copy_from_slice(&IV);
    v[12] ^= t[0];
    v[13] ^= t[1];
    v[14] ^= last;
    let mut rows = SIGMA.iter().cycle();
    for _ in 0..rounds(input) {
        if let Some(row) = rows.next() {
            round(&mut v, &m, row);
        }
    }

    let mut state = [0; 64];
    for (index, bytes) in state.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        *bytes = (h[index] ^ v[index] ^ v[index + 8]).to_le_bytes();
    }
    Some(state)
}

fn rounds(input: &[u8; INPUT]) -> u32 {
    u32::from_be_bytes([input[0], input[1], input[2], input[3]])
}

fn fill(into: &mut [u64], words: impl Iterator<Item = [u8; 8]>) {
    for (word, bytes) in into.iter_mut().zip(words) {
        *word = u64::from_le_bytes(bytes);
    }
}

#[inline(always)]
fn round(v: &mut [u64; 16], m: &[u64; 16], s: &[usize; 16]) {
    mix(v, [0, 4, 8, 12], m[s[0]], m[s[1]]);
    mix(v, [1, 5, 9, 13], m[s[2]], m[s[3]]);
    mix(v, [2, 6, 10, 14], m[s[4]], m[s[5]]);
    mix(v, [3, 7, 11, 15], m[s[6]], m[s[7]]);
    mix(v, [0, 5, 10, 15], m[s[8]], m[s[9]]);
    mix(v, [1, 6, 11, 12], m[s[10]], m[s[11]]);
    mix(v, [2, 7, 8, 13], m[s[12]], m[s[13]]);
    mix(v, [3, 4, 9, 14], m[s[14]], m[s[15]]);
}

#[inline(always)]
fn mix(v: &mut [u64; 16], [a, b, c, d]: [usize; 4], x: u64, y: u64) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
    v[d] = (v[d] ^ v[a]).rotate_right(32);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(24);
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(63);
}
