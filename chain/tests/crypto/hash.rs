use bessemer_chain::crypto::blake2f::{self, blake2f};
use bessemer_chain::crypto::hash;
use blake2::Digest;

use crate::random::{Random, hex, hex_array, join};

/// Bytes 0, 1, 2 and so on modulo 251, as the test vectors of BLAKE3 have them.
fn counting(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

/// SHA-256 of the digests of all lengths up to 600 and of those around the larger edges of blocks
/// and chunks.
fn of_all_lengths<const N: usize>(digest: fn(&[u8]) -> [u8; N]) -> [u8; 32] {
    let edges = [1023, 1024, 1025, 2047, 2048, 2049, 3072, 3073, 4096, 4097, 8193, 31744];
    let digests: Vec<u8> =
        (0..=600).chain(edges).flat_map(|length| digest(&counting(length))).collect();
    hash::sha256(&digests)
}

#[test]
fn published_digests_come_out() {
    let keccak = |text: &str| hash::keccak256(text.as_bytes()).to_vec();
    assert_eq!(keccak(""), hex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"));
    assert_eq!(
        keccak("abc"),
        hex("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")
    );
    let sha = |text: &str| hash::sha256(text.as_bytes()).to_vec();
    assert_eq!(sha(""), hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_eq!(sha("abc"), hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    assert_eq!(
        sha("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
        hex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    );
    let ripemd = |text: &str| hash::ripemd160(text.as_bytes()).to_vec();
    assert_eq!(ripemd(""), hex("9c1185a5c5e9fc54612808977ee8f548b2258d31"));
    assert_eq!(ripemd("abc"), hex("8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"));
    assert_eq!(ripemd("message digest"), hex("5d0689ef49d2fae572b881b123a85ffa21595f36"));
    let blake = |length| hash::blake3(&counting(length)).to_vec();
    for (length, digest) in [
        (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
        (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
        (1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
        (1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"),
    ] {
        assert_eq!(blake(length), hex(digest), "{length} bytes");
    }
}

/// The expected values were computed with Python: SHA-256 and RIPEMD-160 by `hashlib`, Keccak-256
/// and BLAKE3 by programs written from their specifications.
#[test]
fn every_length_around_the_edges_of_blocks_agrees_with_another_implementation() {
    assert_eq!(
        of_all_lengths(hash::keccak256),
        hex_array("4bc3b24356b15ab0c0e0cc191a6b94ba10f66a89167ebffe93efbddf7006ec45")
    );
    assert_eq!(
        of_all_lengths(hash::sha256),
        hex_array("d93b7816ae7ae8e04dc969ac681bd50c0e392025c9e2568cec6fb0a1940468eb")
    );
    assert_eq!(
        of_all_lengths(hash::ripemd160),
        hex_array("f299ba9f4b9942e19ce9fa73933ea41928e2e7fe09aa12b24909f91548da04e0")
    );
    assert_eq!(
        of_all_lengths(hash::blake3),
        hex_array("0becb2d8c18acebf82278a10bec5cb18f5fc1665254d2eb8ea98b47d79218307")
    );
}

/// The input of EIP-152's examples: the hash of "abc", with these rounds and this flag.
fn abc(rounds: u32, flag: u8) -> [u8; blake2f::INPUT] {
    let state = hex("48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5\
         d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b");
    let mut message = [0; 128];
    message[..3].copy_from_slice(b"abc");
    let mut counter = [0; 16];
    counter[0] = 3;
    join(&[&rounds.to_be_bytes(), &state, &message, &counter, &[flag]])
}

#[test]
fn the_vectors_of_eip_152_come_out() {
    for (rounds, flag, state) in [
        (
            0,
            1,
            "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5\
             d282e6ad7f520e511f6c3e2b8c68059b9442be0454267ce079217e1319cde05b",
        ),
        (
            12,
            1,
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
             7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
        ),
        (
            12,
            0,
            "75ab69d3190a562c51aef8d88f1c2775876944407270c42c9844252c26d28752\
             98743e7f6d5ea2f2d3e8d226039cd31b4e426ac4f2d3d666a610c2116fde4735",
        ),
        (
            1,
            1,
            "b63a380cb2897d521994a85234ee2c181b5f844d2c624c002677e9703449d2fb\
             a551b3a8333bcdf5f2f7e08993d53923de3d64fcc68c034e717b9293fed7a421",
        ),
    ] {
        assert_eq!(blake2f(&abc(rounds, flag)), Some(hex_array(state)), "{rounds} rounds, {flag}");
    }
}

#[test]
fn blake2f_refuses_every_flag_but_0_and_1_whatever_the_rounds() {
    for flag in 2..=u8::MAX {
        assert_eq!(blake2f(&abc(12, flag)), None);
        assert_eq!(blake2f(&abc(u32::MAX, flag)), None);
    }
}

#[test]
fn blake2f_is_priced_by_its_rounds_without_running() {
    assert_eq!(blake2f::price(&abc(0, 1)), 0);
    assert_eq!(blake2f::price(&abc(12, 0)), 12 * blake2f::ROUND_PRICE);
    assert_eq!(blake2f::price(&abc(u32::MAX, 7)), u64::from(u32::MAX) * blake2f::ROUND_PRICE);
}

/// BLAKE2b-512 from F alone.
fn blake2b(message: &[u8]) -> Vec<u8> {
    let mut state = abc(0, 0)[4..68].to_vec();
    let mut blocks: Vec<&[u8]> = message.chunks(128).collect();
    let last = blocks.pop().unwrap_or(&[]);
    let mut total = 0_u128;
    for (block, flag) in blocks.into_iter().map(|block| (block, 0)).chain([(last, 1)]) {
        total += block.len() as u128;
        let mut padded = [0; 128];
        padded[..block.len()].copy_from_slice(block);
        let parts: [&[u8]; 5] =
            [&12_u32.to_be_bytes(), &state, &padded, &total.to_le_bytes(), &[flag]];
        state = blake2f(&join(&parts)).unwrap().to_vec();
    }
    state
}

#[test]
fn blake2b_built_from_f_agrees_with_a_library() {
    let mut random = Random::new();
    for length in 0..1000 {
        let message = random.vec(length);
        assert_eq!(blake2b(&message), blake2::Blake2b512::digest(&message).to_vec(), "{length}");
    }
}
