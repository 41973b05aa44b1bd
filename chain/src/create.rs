//! New contracts: their addresses, and moving value.

use alloy_rlp::{Encodable, encode_list};
use bessemer_image::CodeHash;
use bessemer_types::{Address, U256};
use sha3::{Digest, Keccak256};

use crate::account::Account;
use crate::journal::{AccountId, Journal, JournalError};

/// The address of the contract that an account creates at this nonce: as Ethereum's CREATE, the last
/// 20 bytes of the Keccak-256 hash of the RLP list of creator and nonce.
///
/// ```
/// use bessemer_chain::{Address, address_by_nonce};
///
/// // the example of many Ethereum libraries
/// let creator: Address = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0".parse()?;
/// let address = address_by_nonce(&creator, 1);
/// assert_eq!(address.to_string(), "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8");
/// # Ok::<(), bessemer_types::AddressError>(())
/// ```
pub fn address_by_nonce(creator: &Address, nonce: u64) -> Address {
    let mut list = Vec::with_capacity(32);
    let items: [&dyn Encodable; 2] = [creator.as_bytes(), &nonce];
    encode_list::<_, dyn Encodable>(&items, &mut list);
    last_20(Keccak256::new().chain_update(&list))
}

/// The address of the contract that an account creates with a salt: as Ethereum's CREATE2 with the
/// code hash in the place of the hash of the creation code, so that it does not depend on the
/// constructor's input.
pub fn address_by_salt(creator: &Address, salt: &[u8; 32], code: &CodeHash) -> Address {
    let hash = Keccak256::new()
        .chain_update([0xff])
        .chain_update(creator.as_bytes())
        .chain_update(salt)
        .chain_update(code.as_bytes());
    last_20(hash)
}

/// Whether no contract can be created at the account: it was one, or has sent transactions.
pub(crate) fn is_occupied(account: &Account) -> bool {
    account.code.is_some() || account.nonce != 0
}

/// Moves value between accounts; the payer's balance was checked.
///
/// # Errors
///
/// [`JournalError::Supply`] if the payee would have more than there can be, which
/// [`Chain::endow`](crate::Chain::endow) makes impossible: the state is damaged then.
pub(crate) fn transfer(
    journal: &mut Journal,
    from: AccountId,
    to: AccountId,
    value: U256,
) -> Result<(), JournalError> {
    if value.is_zero() || from == to {
        return Ok(());
    }
    let payer = *journal.account_at(from);
    journal.set_account(from, Account { balance: payer.balance - value, ..payer })?;
    let payee = *journal.account_at(to);
    let balance = payee.balance.checked_add(value).ok_or(JournalError::Supply)?;
    journal.set_account(to, Account { balance, ..payee })
}

fn last_20(hash: Keccak256) -> Address {
    let digest: [u8; 32] = hash.finalize().into();
    let (_, last) = digest.split_last_chunk::<20>().expect("a digest has more than 20 bytes");
    Address::new(*last)
}
