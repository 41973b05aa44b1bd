//! The part of a command line behind the name of a function: its arguments, and options of the
//! transaction.

use alloy_json_abi::Param;
use bessemer_chain::U256;

use crate::support::abi::{self, Given};
use crate::support::failure::Failure;
use crate::support::local::{Terms, When};
use crate::support::names::Names;
use crate::support::time;

/// Options of a transaction.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Who sends it: a user or an address
    #[arg(long, visible_alias = "sender", value_name = "ACCOUNT")]
    from: Option<String>,
    /// Native coins that go with it: 5, 2.5e18, 1.5coin
    #[arg(long, value_name = "AMOUNT")]
    value: Option<String>,
    /// The gas limit
    #[arg(long, value_name = "GAS")]
    gas: Option<String>,
    /// The time of the block: seconds since 1970, 2027-01-31T12:00:00Z, or +2h from now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// A function's arguments, and the options that stood among them.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) given: Given,
    pub(crate) options: Options,
    pub(crate) json: bool,
    /// `-v` or `--verbose` stood among them.
    pub(crate) verbose: bool,
    /// `--help` stood among them.
    pub(crate) help: bool,
    /// The name for a new contract.
    pub(crate) name: Option<String>,
}

impl Options {
    pub(crate) fn terms(&self, names: &Names) -> Result<Terms, Failure> {
        self.terms_of(names, "alice")
    }

    /// The same, with this sender unless another is said.
    pub(crate) fn terms_of(&self, names: &Names, sender: &str) -> Result<Terms, Failure> {
        let from = self.from.as_deref().unwrap_or(sender);
        let from = named("--from", names.address(from))?;
        let value = self.value.as_deref().map(abi::amount).transpose();
        let value = named("--value", value)?.unwrap_or_default();
        let gas = self.gas.as_deref().map(abi::amount).transpose();
        let gas = named("--gas", gas)?.map(|gas| {
            u64::try_from(gas).map_err(|_| Failure::Usage(format!("--gas: {gas} is too much")))
        });
        let value = U256::from_le_bytes(value.to_le_bytes::<32>());
        let at = self.at.as_deref().map(|text| match text.strip_prefix('+') {
            Some(ahead) => time::duration(ahead).map(When::In),
            None => time::time(text, 0).map(When::At),
        });
        let at = named("--at", at.transpose())?;
        Ok(Terms { from, value, gas: gas.transpose()?, at })
    }
}

fn named<T>(option: &str, result: Result<T, String>) -> Result<T, Failure> {
    result.map_err(|reason| Failure::Usage(format!("{option}: {reason}")))
}

impl Invocation {
    /// Parses the words. An option with the name of an argument is that argument; other options are
    /// those of the tool. `naming`: whether the tool's options include `--name`.
    pub(crate) fn parse(
        words: &[String],
        params: &[Param],
        options: &Options,
        naming: bool,
    ) -> Result<Self, Failure> {
        let mut parsed = Self {
            given: Given::default(),
            options: options.clone(),
            json: false,
            verbose: false,
            help: false,
            name: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                // all that follows are arguments, whatever they look like
                parsed.given.positional.extend(words.by_ref().cloned());
                break;
            }
            let Some(name) = word.strip_prefix("--").filter(|name| !name.is_empty()) else {
                match word.as_str() {
                    "-h" => parsed.help = true,
                    "-v" => parsed.verbose = true,
                    _ => parsed.given.positional.push(word.clone()),
                }
                continue;
            };
            let (name, inline) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            let own = params.iter().any(|param| abi::plain(&param.name) == abi::plain(name));
            match name {
                "json" if !own => parsed.json = true,
                "verbose" if !own => parsed.verbose = true,
                "help" if !own => parsed.help = true,
                _ => {
                    let value = inline.or_else(|| words.next().cloned());
                    let value = value.ok_or_else(|| {
                        Failure::Usage(format!("--{name} needs a value behind it"))
                    })?;
                    parsed.set(name, value, own, naming)?;
                }
            }
        }
        Ok(parsed)
    }

    fn set(&mut self, name: &str, value: String, own: bool, naming: bool) -> Result<(), Failure> {
        let place = match name {
            _ if own => None,
            "from" | "sender" => Some(&mut self.options.from),
            "value" => Some(&mut self.options.value),
            "gas" => Some(&mut self.options.gas),
            "at" => Some(&mut self.options.at),
            "name" if naming => Some(&mut self.name),
            _ => None,
        };
        let Some(place) = place else {
            self.given.named.push((name.to_owned(), value));
            return Ok(());
        };
        match place.replace(value) {
            Some(_) => Err(Failure::Usage(format!("--{name} is given twice"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str, params: &[&str]) -> Invocation {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let param = |name: &&str| Param {
            ty: "address".to_owned(),
            name: (*name).to_owned(),
            components: Vec::new(),
            internal_type: None,
        };
        let params: Vec<_> = params.iter().map(param).collect();
        Invocation::parse(&words, &params, &Options::default(), false).expect("it is well formed")
    }

    #[test]
    fn options_stand_among_arguments() {
        let parsed = parse("bob --amount=5 --from alice -3 --json", &["to", "amount"]);
        assert_eq!(parsed.given.positional, ["bob", "-3"]);
        assert_eq!(parsed.given.named, [("amount".to_owned(), "5".to_owned())]);
        assert_eq!(parsed.options.from.as_deref(), Some("alice"));
        assert!(parsed.json);
    }

    #[test]
    fn behind_two_dashes_stand_arguments() {
        let parsed = parse("--from alice -- --help -h --from", &["to"]);
        assert_eq!(parsed.given.positional, ["--help", "-h", "--from"]);
        assert!(!parsed.help);
    }

    #[test]
    fn arguments_of_the_function_come_first() {
        let parsed = parse("--from alice --value 5", &["from", "to"]);
        assert_eq!(parsed.given.named, [("from".to_owned(), "alice".to_owned())]);
        assert_eq!(parsed.options.from, None);
        assert_eq!(parsed.options.value.as_deref(), Some("5"));
    }
}
