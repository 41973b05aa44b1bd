//! Names of accounts: users who exist on every local chain, and contracts that were deployed.

use std::collections::BTreeMap;

use bessemer_chain::{Address, Chain};

/// The users of a local chain.
pub(crate) const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// Addresses by name, and names by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(BTreeMap<String, Address>);

impl Names {
    /// The names of the users.
    pub(crate) fn users() -> Self {
        Self(USERS.map(|user| (user.to_owned(), Chain::user_address(user))).into())
    }

    pub(crate) fn insert(&mut self, name: impl Into<String>, address: Address) {
        self.0.insert(name.into(), address);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Address)> {
        self.0.iter().map(|(name, address)| (name.as_str(), address))
    }

    /// The account of this name, or with this address.
    pub(crate) fn address(&self, text: &str) -> Result<Address, String> {
        if let Some(address) = self.0.get(text) {
            return Ok(*address);
        }
        if text.starts_with("0x") {
            let rule = "an address is 0x and 40 hexadecimal digits";
            let address = text.to_ascii_lowercase().parse();
            let address: Address = address.map_err(|_| format!("`{text}`: {rule}"))?;
            return checked(text, address);
        }
        let hint = match closest(text, self.0.keys().map(String::as_str)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => {
                let known: Vec<_> = self.0.keys().map(String::as_str).collect();
                format!("known are {}, and addresses like 0x12...", known.join(", "))
            }
        };
        Err(format!("there is no account `{text}`: {hint}"))
    }

    /// The name of an account, or its address.
    pub(crate) fn show(&self, address: &Address) -> String {
        let named = self.0.iter().find(|(_, known)| *known == address);
        named.map_or_else(|| address.to_string(), |(name, _)| name.clone())
    }
}

/// The address, if it is written without a checksum or with a right one (EIP-55).
fn checked(text: &str, address: Address) -> Result<Address, String> {
    let digits = text.get(2..).unwrap_or_default();
    let mixed = digits.contains(|c: char| c.is_ascii_uppercase())
        && digits.contains(|c: char| c.is_ascii_lowercase());
    let right = alloy_primitives::Address::from(address.to_bytes()).to_checksum(None);
    if mixed && text != right {
        return Err(format!(
            "`{text}` has a wrong checksum (EIP-55), so a digit may be wrong: copy it again, or write it in lower case if it is right"
        ));
    }
    Ok(address)
}

/// The name that was probably meant.
pub(crate) fn closest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let most = wrong.chars().count().max(3) / 3;
    let (wrong, distance) = (wrong.to_lowercase(), strsim::damerau_levenshtein);
    let near = known.into_iter().filter(|name| !name.is_empty());
    let near = near.map(|name| (distance(&name.to_lowercase(), &wrong), name));
    near.filter(|(far, _)| *far <= most).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["transfer", "approve", "get"];
        for (wrong, right) in [
            ("trasnfer", Some("transfer")),
            ("Aprove", Some("approve")),
            ("gte", Some("get")),
            ("mint", None),
            ("", None),
        ] {
            assert_eq!(closest(wrong, known), right, "{wrong}");
        }
    }

    #[test]
    fn accounts_have_names_and_addresses() {
        let names = Names::users();
        let alice = names.address("alice").expect("a user");
        assert_eq!(names.address(&alice.to_string()), Ok(alice));
        assert_eq!(names.show(&alice), "alice");
        assert!(names.address("alcie").expect_err("nobody").contains("did you mean `alice`?"));
        assert!(names.address("0x12").expect_err("short").contains("40 hexadecimal"));
        // the first example of EIP-55, and the same with a digit and with a case that are wrong
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let address = names.address(good).expect("it is right");
        assert_eq!(names.address(&good.to_lowercase()), Ok(address));
        for bad in [good.replace("5aA", "5AA"), good.replace("053F", "054F")] {
            assert!(names.address(&bad).expect_err("wrong").contains("checksum"), "{bad}");
        }
    }
}
