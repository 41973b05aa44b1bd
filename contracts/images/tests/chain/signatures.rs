//! Contracts that check signatures.

use bessemer_chain::{Address, Status, U256};
use bessemer_types::{Bytes, FixedBytes, encode};
use k256::ecdsa::SigningKey;

use crate::{Stage, amount, event, on_both, refused};

const PAY: &str = "pay(uint64,address,uint256,bytes)";

fn key(byte: u8) -> SigningKey {
    SigningKey::from_slice(&[byte; 32]).unwrap()
}

/// The public key, x and y.
fn point(key: &SigningKey) -> Vec<u8> {
    key.verifying_key().to_sec1_point(false).as_bytes()[1..].to_vec()
}

/// A vault with 100 coins whose cheques are signed by the first key.
fn vault(stage: &Stage) -> Address {
    let hash = alloy_sol_types::private::keccak256(point(&key(1)));
    let signer = Address::new(*hash.last_chunk().unwrap());
    stage.deploy("vault", 100, (signer,))
}

/// r, s and v of what the vault says is to be signed.
fn sign(stage: &Stage, vault: Address, key: &SigningKey, cheque: (u64, Address, U256)) -> Bytes {
    let digest: FixedBytes<32> = stage.ask(vault, "digest(uint64,address,uint256)", cheque);
    let (signature, id) = key.sign_prehash_recoverable(&digest.0);
    let mut bytes = signature.to_bytes().to_vec();
    bytes.push(27 + id.to_byte());
    Bytes(bytes)
}

#[test]
fn a_vault_pays_a_signed_cheque_once() {
    on_both(|stage| {
        let (vault, bob, to) = (vault(stage), stage.bob, Address::new([9; 20]));
        let signature = sign(stage, vault, &key(1), (1, to, amount(40)));
        let paid = stage.went(bob, vault, PAY, (1u64, to, amount(40), signature.clone()));
        let topics = [encode(&(1u64,)), encode(&(to,))];
        let said = event(vault, "Paid(uint64,address,uint256)", topics, (amount(40),));
        assert_eq!(paid.events, [said]);
        assert_eq!((stage.balance(to), stage.balance(vault)), (amount(40), amount(60)));
        let twice = stage.send(bob, vault, PAY, (1u64, to, amount(40), signature));
        refused(&twice, "AlreadyPaid(uint64)", (1u64,));
        let much = sign(stage, vault, &key(1), (2, to, amount(61)));
        let broke = stage.send(bob, vault, PAY, (2u64, to, amount(61), much));
        refused(&broke, "TooLittle(uint256,uint256)", (amount(60), amount(61)));
        // value that comes in makes the same cheque good
        let filled = stage.pay(bob, vault, 1, "", ());
        assert_eq!(filled.status, Status::Return);
        let much = sign(stage, vault, &key(1), (2, to, amount(61)));
        stage.went(bob, vault, PAY, (2u64, to, amount(61), much));
        assert_eq!(stage.balance(vault), U256::ZERO);
    });
}

#[test]
fn a_vault_pays_nothing_that_was_not_signed() {
    on_both(|stage| {
        let (vault, bob, to) = (vault(stage), stage.bob, Address::new([9; 20]));
        let good = sign(stage, vault, &key(1), (1, to, amount(40)));
        let forged = sign(stage, vault, &key(2), (1, to, amount(40)));
        let cases = [
            (1, 40, forged),
            (2, 40, good.clone()),
            (1, 41, good),
            (1, 40, Bytes(vec![1; 64])),
            (1, 40, Bytes(vec![0; 65])),
        ];
        for (number, coins, signature) in cases {
            let tried = stage.send(bob, vault, PAY, (number, to, amount(coins), signature));
            refused(&tried, "BadSignature()", ());
        }
        assert_eq!((stage.balance(to), stage.balance(vault)), (U256::ZERO, amount(100)));
    });
}

#[test]
fn a_library_and_the_host_judge_signatures_alike() {
    on_both(|stage| {
        let verify = stage.deploy("ecdsa_verify", 0, ());
        let (signer, digest) = (key(5), FixedBytes([3; 32]));
        let (signature, _) = signer.sign_prehash_recoverable(&digest.0);
        let (rs, key) = (Bytes(signature.to_bytes().to_vec()), Bytes(point(&signer)));
        let cases = [
            (digest, rs.clone(), key.clone(), true),
            (FixedBytes([4; 32]), rs.clone(), key.clone(), false),
            (digest, Bytes(vec![0; 64]), key.clone(), false),
            (digest, Bytes(vec![1; 63]), key, false),
            (digest, rs, Bytes(vec![1; 64]), false),
        ];
        for (digest, rs, key, valid) in cases {
            for by in ["byHost(bytes32,bytes,bytes)", "byLibrary(bytes32,bytes,bytes)"] {
                let arguments = (digest, rs.clone(), key.clone());
                assert_eq!(stage.done::<bool>(stage.bob, verify, by, arguments), valid, "{by}");
            }
        }
    });
}
