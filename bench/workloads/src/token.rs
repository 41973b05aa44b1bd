//! A token's ledger: balances and allowances in hash maps keyed by addresses, checked amounts, and
//! failing calls that must change nothing.

use crate::{
    Workload,
    mix::{Random, fold},
};

/// Accounts that own tokens.
const ACCOUNTS: u32 = 256;

/// Owners and spenders that take part in allowances; their pairs fill half of the map.
const OWNERS: u32 = 64;
const SPENDERS: u32 = 4;

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "token",
    summary: "Makes n transfers, approvals and transfers by allowance in a token's ledger.",
    run,
    n: 200_000,
    small_n: 500,
    small_checksum: 0xdfbe_d600,
};

/// A 20-byte address.
type Address = [u8; 20];

/// Why a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Error {
    Balance,
    Allowance,
    Overflow,
}

/// Mints for every account, then makes `n` calls.
pub fn run(n: u32) -> u32 {
    let mut ledger = Ledger::new();
    let mut random = Random::new(n);
    for account in 0..ACCOUNTS {
        let amount = u128::from(random.next()) << 20;
        ledger.mint(&address(account), amount).expect("the supply fits 128 bits");
    }
    let mut checksum = 0;
    for _ in 0..n {
        let call = random.next();
        let to = address(random.below(ACCOUNTS));
        let amount = u128::from(random.next()) << 14;
        let result = match call % 8 {
            0..4 => ledger.transfer(&address(random.below(ACCOUNTS)), &to, amount),
            4..6 => {
                let (owner, spender) = pair(&mut random);
                ledger.approve(&owner, &spender, amount);
                Ok(())
            }
            _ => {
                let (owner, spender) = pair(&mut random);
                ledger.transfer_from(&spender, &owner, &to, amount >> 4)
            }
        };
        checksum = fold(checksum, result.map_or_else(|error| 1 + error as u32, |()| 0));
    }
    (0..ACCOUNTS).fold(checksum, |sum, account| {
        let balance = ledger.balances.value(&address(account));
        fold(fold(sum, balance as u32), (balance >> 32) as u32)
    })
}

/// The address of an account: looks random in every byte.
fn address(account: u32) -> Address {
    let mut random = Random::new(account.wrapping_mul(0x9e37_79b1) + 1);
    let mut address = [0; 20];
    for bytes in address.as_chunks_mut::<4>().0 {
        *bytes = random.next().to_le_bytes();
    }
    address
}

/// A random owner and one of the spenders.
fn pair(random: &mut Random) -> (Address, Address) {
    (address(random.below(OWNERS)), address(ACCOUNTS + random.below(SPENDERS)))
}

/// The state of the token.
struct Ledger {
    supply: u128,
    balances: Map<20>,
    allowances: Map<40>,
}

impl Ledger {
    const fn new() -> Self {
        Self { supply: 0, balances: Map::new(), allowances: Map::new() }
    }

    fn mint(&mut self, to: &Address, amount: u128) -> Result<(), Error> {
        self.supply = self.supply.checked_add(amount).ok_or(Error::Overflow)?;
        *self.balances.entry(to) += amount;
        Ok(())
    }

    fn transfer(&mut self, from: &Address, to: &Address, amount: u128) -> Result<(), Error> {
        let left = self.balances.value(from).checked_sub(amount).ok_or(Error::Balance)?;
        *self.balances.entry(from) = left;
        // No overflow: all balances together are the supply.
        *self.balances.entry(to) += amount;
        Ok(())
    }

    fn approve(&mut self, owner: &Address, spender: &Address, amount: u128) {
        *self.allowances.entry(&join(owner, spender)) = amount;
    }

    fn transfer_from(
        &mut self,
        spender: &Address,
        from: &Address,
        to: &Address,
        amount: u128,
    ) -> Result<(), Error> {
        let key = join(from, spender);
        let left = self.allowances.value(&key).checked_sub(amount).ok_or(Error::Allowance)?;
        self.transfer(from, to, amount)?;
        *self.allowances.entry(&key) = left;
        Ok(())
    }
}

/// The key of an allowance.
fn join(owner: &Address, spender: &Address) -> [u8; 40] {
    let mut key = [0; 40];
    key[..20].copy_from_slice(owner);
    key[20..].copy_from_slice(spender);
    key
}

/// A hash map with open addressing and linear probing. Entries are never removed, and there are
/// fewer of them than slots, so every search ends.
struct Map<const KEY: usize> {
    slots: [Slot<KEY>; 512],
}

#[derive(Clone, Copy)]
struct Slot<const KEY: usize> {
    used: bool,
    key: [u8; KEY],
    value: u128,
}

impl<const KEY: usize> Map<KEY> {
    const fn new() -> Self {
        Self { slots: [Slot { used: false, key: [0; KEY], value: 0 }; 512] }
    }

    /// The value at `key`, zero if there is none.
    fn value(&self, key: &[u8; KEY]) -> u128 {
        // A free slot holds zero.
        self.slots[self.find(key)].value
    }

    /// The value at `key`, to be changed.
    fn entry(&mut self, key: &[u8; KEY]) -> &mut u128 {
        let place = self.find(key);
        let slot = &mut self.slots[place];
        if !slot.used {
            (slot.used, slot.key) = (true, *key);
        }
        &mut slot.value
    }

    /// Where `key` is, or the free slot where it belongs.
    fn find(&self, key: &[u8; KEY]) -> usize {
        // FNV-1a.
        let hash = key.iter().fold(0x811c_9dc5, |hash: u32, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        let mut place = hash as usize % self.slots.len();
        while self.slots[place].used && self.slots[place].key != *key {
            place = (place + 1) % self.slots.len();
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supply_is_kept() {
        let [a, b, c] = [1, 2, 3].map(address);
        let mut ledger = Ledger::new();
        assert_eq!(ledger.mint(&a, 100), Ok(()));
        assert_eq!(ledger.mint(&a, u128::MAX), Err(Error::Overflow));
        assert_eq!(ledger.transfer(&a, &b, 30), Ok(()));
        assert_eq!(ledger.transfer(&b, &a, 31), Err(Error::Balance));
        assert_eq!(ledger.transfer(&b, &b, 30), Ok(()));
        assert_eq!(ledger.transfer_from(&c, &a, &b, 1), Err(Error::Allowance));
        ledger.approve(&a, &c, 1000);
        assert_eq!(ledger.transfer_from(&c, &a, &b, 1000), Err(Error::Balance));
        assert_eq!(ledger.transfer_from(&c, &a, &b, 50), Ok(()));
        assert_eq!([&a, &b, &c].map(|owner| ledger.balances.value(owner)), [20, 80, 0]);
        assert_eq!(ledger.allowances.value(&join(&a, &c)), 950);
        assert_eq!(ledger.supply, 100);
    }

    #[test]
    fn addresses_differ() {
        for account in 0..ACCOUNTS + SPENDERS {
            assert!((0..account).all(|other| address(other) != address(account)));
        }
    }
}
