//! Numbers are those of the library that Ethereum's Rust tools use, and revert where they would wrap.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::new_ret_no_self,
    reason = "the contracts of a test have no users"
)]

use std::panic::catch_unwind;

use bessemer_sdk::prelude::*;
use bessemer_sdk::types::{decode, encode};

/// The judge.
type Judge = bessemer_types::U256;

/// Random numbers of all lengths, and those at the edges.
struct Numbers(fastrand::Rng);

impl Numbers {
    fn new() -> Self {
        Self(fastrand::Rng::with_seed(1))
    }

    fn next(&mut self) -> u64 {
        self.0.u64(..)
    }

    fn number(&mut self) -> Judge {
        let limb = |random: u64, choice: u64| match choice % 5 {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << (random % 64),
            _ => random,
        };
        let limbs = std::array::from_fn(|_| limb(self.next(), self.next()));
        Judge::from_limbs(limbs) >> (self.next() % 257) as usize
    }
}

fn ours(judge: Judge) -> U256 {
    U256::from_limbs(judge.into_limbs())
}

fn theirs(number: U256) -> Judge {
    Judge::from_limbs(number.into_limbs())
}

#[test]
fn unsigned_numbers_are_those_of_the_judge() {
    let mut numbers = Numbers::new();
    for round in 0..40_000 {
        let (a, b) = (numbers.number(), numbers.number());
        let (x, y) = (ours(a), ours(b));
        let at = format!("round {round}: {a:#x}, {b:#x}");
        assert_eq!(x.checked_add(y), a.checked_add(b).map(ours), "{at}");
        assert_eq!(x.checked_sub(y), a.checked_sub(b).map(ours), "{at}");
        assert_eq!(x.checked_mul(y), a.checked_mul(b).map(ours), "{at}");
        assert_eq!(x.checked_div(y), a.checked_div(b).map(ours), "{at}");
        assert_eq!(x.checked_rem(y), a.checked_rem(b).map(ours), "{at}");
        assert_eq!(x.wrapping_add(y), ours(a.wrapping_add(b)), "{at}");
        assert_eq!(x.wrapping_sub(y), ours(a.wrapping_sub(b)), "{at}");
        assert_eq!(x.wrapping_mul(y), ours(a.wrapping_mul(b)), "{at}");
        assert_eq!(x.abs_diff(y), ours(a.abs_diff(b)), "{at}");
        assert_eq!(x.cmp(&y), a.cmp(&b), "{at}");
        assert_eq!((x & y, x | y, x ^ y, !x), (ours(a & b), ours(a | b), ours(a ^ b), ours(!a)));
        let by = (numbers.next() % 300) as usize;
        assert_eq!((x << by, x >> by), (ours(a << by), ours(a >> by)), "{at}, {by}");
        let root = theirs(x.isqrt());
        let above = root.wrapping_add(Judge::from(1));
        assert!(root.checked_mul(root).is_some_and(|square| square <= a), "{at}");
        assert!(above.checked_mul(above).is_none_or(|square| square > a), "{at}");
        assert_eq!(x.to_string(), a.to_string());
        assert_eq!(format!("{x:#x}"), format!("{a:#x}"));
        assert_eq!((x.to_string().parse(), format!("{x:#x}").parse()), (Ok(x), Ok(x)));
        // a product of 512 bits, by the remainder that the judge knows
        if !b.is_zero() {
            let c = numbers.number().max(Judge::from(1));
            let remainder = a.mul_mod(b, c);
            if let Some(product) = a.checked_mul(b) {
                assert_eq!(x.mul_div(y, ours(c)), ours(product / c), "{at}, {c:#x}");
                let up = product.div_ceil(c);
                assert_eq!(x.mul_div_ceil(y, ours(c)), ours(up), "{at}, {c:#x}");
            } else if c > a {
                // the quotient is below b, and what is left fits
                let quotient = theirs(x.mul_div(y, ours(c)));
                let back = quotient.wrapping_mul(c).wrapping_add(remainder);
                assert_eq!(back, a.wrapping_mul(b), "{at}, {c:#x}");
            }
        }
    }
}

#[test]
fn signed_numbers_are_those_of_rust() {
    let mut numbers = Numbers::new();
    for round in 0..40_000 {
        let mut pick = || {
            let random = u128::from(numbers.next()) << 64 | u128::from(numbers.next());
            match numbers.next() % 4 {
                0 => [0, 1, -1, i128::MIN, i128::MAX][(random % 5) as usize],
                _ => random as i128 >> (numbers.next() % 128),
            }
        };
        let (a, b) = (pick(), pick());
        let (x, y) = (Int::<128>::from(a), Int::<128>::from(b));
        let back = |number: Option<Int<128>>| number.map(|number| number.to::<i128>());
        let at = format!("round {round}: {a}, {b}");
        assert_eq!(back(x.checked_add(y)), a.checked_add(b), "{at}");
        assert_eq!(back(x.checked_sub(y)), a.checked_sub(b), "{at}");
        assert_eq!(back(x.checked_mul(y)), a.checked_mul(b), "{at}");
        assert_eq!(back(x.checked_div(y)), a.checked_div(b), "{at}");
        // Rust's remainder of MIN and -1 overflows; it is 0
        let rest = if b == -1 { Some(0) } else { a.checked_rem(b) };
        assert_eq!(back(x.checked_rem(y)), rest, "{at}");
        assert_eq!(back(x.checked_neg()), a.checked_neg(), "{at}");
        assert_eq!(x.wrapping_add(y).to::<i128>(), a.wrapping_add(b), "{at}");
        assert_eq!(x.wrapping_sub(y).to::<i128>(), a.wrapping_sub(b), "{at}");
        assert_eq!(x.wrapping_mul(y).to::<i128>(), a.wrapping_mul(b), "{at}");
        assert_eq!(x.cmp(&y), a.cmp(&b), "{at}");
        assert_eq!(x.to_string(), a.to_string());
        assert_eq!(a.to_string().parse(), Ok(x));
        let by = (numbers.next() % 128) as u32;
        assert_eq!(((x << by).to::<i128>(), (x >> by).to::<i128>()), (a << by, a >> by), "{at}");
    }
    assert_eq!(I256::MIN.to_string().parse(), Ok(I256::MIN));
    assert_eq!(I256::MIN.checked_div(I256::MINUS_ONE), None);
    assert_eq!(I256::MAX.unsigned_abs(), U256::MAX >> 1);
}

#[test]
fn operators_refuse_what_the_named_functions_do() {
    let (zero, one, most) = (U256::ZERO, U256::ONE, U256::MAX);
    let said = |work: &(dyn Fn() -> U256 + std::panic::RefUnwindSafe)| {
        let panic = catch_unwind(work).expect_err("it is out of range");
        *panic.downcast::<String>().expect("a message")
    };
    assert_eq!(said(&|| most + one), "attempt to add with overflow");
    assert_eq!(said(&|| zero - one), "attempt to subtract with overflow");
    assert_eq!(said(&|| most * most), "attempt to multiply with overflow");
    assert_eq!(said(&|| one / zero), "attempt to divide by zero");
    assert_eq!(said(&|| one % zero), "attempt to divide by zero");
    assert_eq!(said(&|| one.div_ceil(zero)), "attempt to divide by zero");
    assert_eq!(said(&|| most.pow(2)), "attempt to raise to a power with overflow");
    assert_eq!(said(&|| most.mul_div(most, one)), "attempt to multiply with overflow");
    assert_eq!(said(&|| U256::from(-1)), "attempt to convert a negative number");
    assert_eq!(said(&|| [most, one].into_iter().sum()), "attempt to add with overflow");
    let mut amount = zero;
    amount += one;
    amount *= U256::from(10);
    amount -= one;
    amount /= U256::from(2);
    amount %= U256::from(3);
    assert_eq!(amount, one);
    assert_eq!(U256::from(10).pow(18), U256::from(1_000_000_000_000_000_000_u64));
}

#[test]
fn every_width_of_solidity_has_its_range() {
    fn edges<const BITS: usize>() {
        let most = Uint::<BITS>::MAX;
        assert_eq!(most.bit_len(), BITS);
        assert_eq!(most.checked_add(Uint::ONE), None);
        assert_eq!(most.wrapping_add(Uint::ONE), Uint::ZERO);
        assert_eq!(Uint::<BITS>::ZERO.wrapping_sub(Uint::ONE), most);
        assert_eq!(!Uint::<BITS>::ZERO, most);
        assert_eq!((most << 1_u32) >> 1_u32, most >> 1_u32);
        assert_eq!(Int::<BITS>::MAX.checked_add(Int::ONE), None);
        assert_eq!(Int::<BITS>::MAX.wrapping_add(Int::ONE), Int::MIN);
        assert_eq!(Int::<BITS>::MIN.checked_sub(Int::ONE), None);
        assert_eq!(Int::<BITS>::MIN.checked_neg(), None);
        let values = (most, Int::<BITS>::MIN);
        assert_eq!(decode::<(Uint<BITS>, Int<BITS>)>(&encode(&values)), Ok(values));
        if BITS < 256 {
            let wide = (most.resized::<256>().expect("it is wider") + U256::ONE,);
            assert!(decode::<(Uint<BITS>,)>(&encode(&wide)).is_err(), "uint{BITS}");
            let wide = (Int::<BITS>::MAX.resized::<256>().expect("it is wider") + I256::ONE,);
            assert!(decode::<(Int<BITS>,)>(&encode(&wide)).is_err(), "int{BITS}");
        }
    }
    macro_rules! all {
        ($($bits:literal)*) => { $(edges::<$bits>();)* };
    }
    all! { 8 16 24 32 40 48 56 64 72 80 88 96 104 112 120 128 136 144 152 160 168 176 184 192 200
    208 216 224 232 240 248 256 }
}

#[contract]
pub struct Pool {
    tick: Value<Int<24>>,
    price: Value<Uint<160>>,
    total: Value<I256>,
}

#[contract]
impl Pool {
    pub fn set(&mut self, tick: Int<24>, price: Uint<160>, total: I256) -> (Int<24>, Uint<160>) {
        self.tick.set(tick);
        self.price.set(price);
        self.total.set(total);
        self.tick += Int::ONE;
        (self.tick.get(), self.price.get())
    }
}

#[test]
fn narrow_numbers_are_stored_and_have_their_types_in_the_interface() {
    bessemer_sdk::testing::act_as(bessemer_sdk::testing::user("alice"));
    let mut pool = Pool::default();
    let (tick, price) = (Int::from_sign(true, Uint::from(5_u8)).expect("small"), Uint::MAX);
    let minus_four = Int::from_sign(true, Uint::from(4_u8)).expect("small");
    assert_eq!(pool.set(tick, price, I256::from(-1)), (minus_four, price));
    assert_eq!(pool.total.get(), I256::MINUS_ONE);
    let stored = bessemer_sdk::testing::storage(env::address());
    let sizes: Vec<_> = stored.iter().map(|(_, value)| value.len()).collect();
    assert_eq!(sizes, [3, 20, 32]);
    let json = bessemer_sdk::abi::json(Pool::INTERFACE);
    let json = str::from_utf8(json.as_bytes()).expect("text");
    for ty in ["\"int24\"", "\"uint160\"", "\"int256\""] {
        assert!(json.contains(ty), "{ty}: {json}");
    }
}
