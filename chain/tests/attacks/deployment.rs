//! Files that are too large, no contract, or for an address that is taken: attacks 10 and 14.

use std::sync::Arc;

use bessemer_chain::{Action, ChainError, Refusal, Status, Transaction};
use bessemer_image::{ImageBuilder, Limits, Profile};

use crate::common::{TEXT, contract, on_both};
use crate::scene::{Scene, attack, transaction};

fn deploying(scene: &Scene<'_>, code: Vec<u8>, salt: Option<[u8; 32]>) -> Transaction {
    let action = Action::Deploy { code: Arc::from(code), input: Vec::new(), salt };
    let gas_limit = 1 << 39;
    let nothing = transaction(scene.chain, scene.mallory, scene.mallory, Vec::new());
    Transaction { action, gas_limit, ..nothing }
}

/// Attack 10: no transaction has a file over the cap.
#[test]
fn a_file_over_the_limit_is_refused_and_one_with_too_much_text_costs_its_bytes() {
    on_both(|chain| {
        let mallory = chain.user("mallory").unwrap();
        let request = chain.deploy(vec![0; (1 << 20) + 1]).from(mallory).gas(1 << 39);
        let error = request.send().unwrap_err();
        let refused = matches!(error, ChainError::Refused(Refusal::CodeTooLong { .. }));
        assert!(refused, "{error}");
    });
    let text = vec![0x13; (512 << 10) + 4];
    let file = ImageBuilder::new(Profile::rv32(false)).text(TEXT, text).build();
    let bytes = file.len() as u64;
    let receipt = attack(|scene| deploying(scene, file.clone(), None));
    assert_eq!(receipt.status, Status::Revert);
    assert!(receipt.gas_used > 4_000 * bytes);
    assert!(receipt.diagnosis.refused.unwrap().contains("not a contract"));
}

/// Text that would become too much native code is refused, whatever its length: nothing that is deployed
/// stays interpreted for its size.
#[test]
fn a_file_whose_text_becomes_too_much_native_code_is_refused() {
    let ecall = 0x73_u32.to_le_bytes();
    let most = Limits::contract().native_bytes.unwrap() as usize / 96;
    for (count, refused) in [(most, false), (most + 1, true)] {
        let file = ImageBuilder::new(Profile::rv32(false)).text(TEXT, ecall.repeat(count)).build();
        let receipt = attack(|scene| deploying(scene, file.clone(), None));
        let reason = receipt.diagnosis.refused.unwrap_or_default();
        assert_eq!(reason.contains("(L29)"), refused, "{count} host calls: {reason}");
    }
}

/// A file that is not a contract costs gas, has a receipt with the reason, and is not stored.
#[test]
fn a_file_that_is_no_contract_is_paid_for_and_not_stored() {
    let good = contract("host finish(0, 0)");
    let mut files = vec![Vec::new(), vec![0x7f], b"\x7fELF".to_vec(), vec![0xff; 1000]];
    files.extend([10, 52, 60, 84, 100].map(|len| good[..len].to_vec()));
    for file in files {
        let receipt = attack(|scene| deploying(scene, file.clone(), None));
        assert_eq!(receipt.status, Status::Revert);
        assert_eq!(receipt.gas_used, 150_000 + 4_000 * file.len() as u64);
        assert!(receipt.diagnosis.refused.is_some());
    }
}

/// Attack 14.
#[test]
fn a_contract_cannot_be_deployed_over_another() {
    let old = contract("host finish(0, 0)");
    let receipt = attack(|scene| {
        let request = scene.chain.deploy(old.clone()).from(scene.mallory).salt([7; 32]);
        request.create().unwrap();
        deploying(scene, old.clone(), Some([7; 32]))
    });
    assert_eq!(receipt.status, Status::Revert);
    assert!(receipt.diagnosis.refused.unwrap().contains("already"));
}
