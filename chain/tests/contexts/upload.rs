//! Contracts store the code of contracts.

use bessemer_abi::codes::status;
use bessemer_chain::CodeHash;

use crate::common::script::{Script, deploy_script};
use crate::common::{PRICES, contract, on_both};

#[test]
fn code_is_stored_once_under_its_hash_and_contracts_are_created_from_it() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(chain, alice);
        let file = contract("host finish(0, 0)");
        let hash = CodeHash::of(&file);
        let mut script = Script::new();
        script.create(&hash, 0, &[]);
        let (at, out) = (script.put(&file), script.space(32));
        let len = file.len() as u32;
        script.host("upload", &[at, len, out]).host("upload", &[at, len, out]);
        script.create(&hash, 0, &[]);
        let told = script.show_memory().tell(chain, alice, a);
        assert_eq!(told.results, [status::UNKNOWN_CODE, 0, 0, status::RETURN]);
        assert_eq!(told.at(out, 32), hash.as_bytes());
        let price = 25_000 + u64::from(len) * (100 + PRICES.code_byte);
        assert_eq!(told.costs[1..3], [price; 2], "what is there already costs the same");
        assert_eq!(chain.code(&hash).unwrap().unwrap(), file);
    });
}

#[test]
fn a_file_that_is_no_contract_is_rejected_and_not_stored() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(chain, alice);
        let mut cut = contract("host finish(0, 0)");
        cut.truncate(100);
        for file in [b"no contract".to_vec(), cut, vec![]] {
            let mut script = Script::new();
            let (at, out) = (script.put(&file), script.space(32));
            script.host("upload", &[at, file.len() as u32, out]).show_memory();
            let receipt = script.send(chain, alice, a);
            let told = script.told(&receipt.output);
            assert_eq!((told.results[0], told.at(out, 32)), (status::REJECTED, &[0; 32][..]));
            let line = &receipt.diagnosis.log[0];
            assert!(line.text.starts_with("upload rejected: "), "{line:?}");
            assert_eq!(chain.code(&CodeHash::of(&file)).unwrap(), None);
        }
    });
}

#[test]
fn an_upload_that_is_undone_leaves_no_code() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        let file = contract("host finish(0, 0)");
        let hash = CodeHash::of(&file);
        let mut uploads = Script::new();
        let (at, out) = (uploads.put(&file), uploads.space(32));
        uploads.host("upload", &[at, file.len() as u32, out]);
        uploads.create(&hash, 0, &[]);
        uploads.host("revert", &[0, 0]);
        let mut script = Script::new();
        script.call(b, 0, &uploads.input());
        script.create(&hash, 0, &[]);
        let results = script.tell(chain, alice, a).results;
        assert_eq!(results, [status::REVERT, status::UNKNOWN_CODE]);
        assert_eq!(chain.code(&hash).unwrap(), None);
    });
}
