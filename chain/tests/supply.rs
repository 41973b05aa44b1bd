//! There are never 2^256 coins.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use std::sync::Arc;

use bessemer_chain::store::{BlockCommit, ChangeSet, MemoryStore, Store, encode_account};
use bessemer_chain::{Account, Address, Chain, ChainConfig, ChainError, Header, StateKey, U256};
use common::{BACKENDS, chain, engine};

#[test]
fn more_than_can_ever_be_together_is_refused_where_it_is_made() {
    let mut chain = chain(BACKENDS[0]);
    let [one, other] = [1, 2].map(|byte| Address::new([byte; 20]));
    for amount in [Chain::MOST_ENDOWED + U256::ONE, U256::MAX] {
        let refused = chain.endow(&one, amount).unwrap_err();
        assert!(matches!(refused, ChainError::Supply { amount: a } if a == amount), "{refused}");
        assert_eq!((chain.height(), chain.balance(&one).unwrap()), (0, U256::ZERO));
    }
    for account in [one, other, one] {
        chain.endow(&account, Chain::MOST_ENDOWED).unwrap();
    }
    let all = chain.balance(&one).unwrap();
    assert_eq!(all, Chain::MOST_ENDOWED * U256::from(2));
    // and it can all be in one place
    let sent = chain.call(other, "").from(one).value(all).send().unwrap();
    assert!(sent.succeeded());
    assert_eq!(chain.balance(&other).unwrap(), Chain::MOST_ENDOWED * U256::from(3));
}

/// A store that was written by others may have what no chain makes.
#[test]
fn a_transfer_beyond_it_is_the_hosts_failure_and_no_number_wraps() {
    let store = Arc::new(MemoryStore::new());
    let [rich, richer] = [1, 2].map(|byte| Address::new([byte; 20]));
    let account = Account { balance: U256::MAX, ..Account::default() };
    let changes = [rich, richer].map(|one| (StateKey::Account(one), encode_account(&account)));
    let header = Header { height: 1, ..Header::default() };
    let changes = ChangeSet::new(changes.into());
    store.commit(BlockCommit { header, changes, ..BlockCommit::default() }).unwrap();
    let mut chain = Chain::on(&engine(BACKENDS[0]), store, ChainConfig::default()).unwrap();
    let error = chain.call(richer, "").from(rich).value(U256::ONE).send().unwrap_err();
    assert!(error.to_string().contains("2^256"), "{error}");
    assert!(chain.endow(&rich, U256::ONE).is_err());
    assert_eq!(chain.balance(&rich).unwrap(), U256::MAX);
    assert_eq!(chain.balance(&richer).unwrap(), U256::MAX);
}
