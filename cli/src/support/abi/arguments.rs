//! Arguments of functions, by name or by place.

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::Param;

use super::enums::type_name;
use super::parse;
use crate::support::names::{Names, closest};
use bessemer_interface::plain;

/// Arguments as they stand on a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// `--name value`
    pub(crate) named: Vec<(String, String)>,
    /// All others, in order.
    pub(crate) positional: Vec<String>,
}

/// The encoding of the arguments, behind a selector or alone.
pub(crate) fn bind(
    what: &str,
    params: &[Param],
    given: &Given,
    names: &Names,
) -> Result<Vec<u8>, String> {
    let mut texts: Vec<Option<&str>> = vec![None; params.len()];
    for (name, text) in &given.named {
        let wanted = plain(name);
        let Some(at) = params.iter().position(|param| plain(&param.name) == wanted) else {
            let known = params.iter().map(|param| param.name.as_str());
            let hint = closest(name, known.clone())
                .map(|name| format!(", did you mean --{name}?"))
                .unwrap_or_else(|| format!("; it takes {}", list(params)));
            return Err(format!("{what} has no argument `{name}`{hint}"));
        };
        if texts[at].replace(text).is_some() {
            return Err(format!("--{name} is given twice"));
        }
    }
    let mut positional = given.positional.iter();
    for text in texts.iter_mut().filter(|text| text.is_none()) {
        *text = positional.next().map(String::as_str);
    }
    if let Some(text) = positional.next() {
        return Err(format!("`{text}` is one argument too many: {what} takes {}", list(params)));
    }
    let mut values = Vec::with_capacity(params.len());
    for (param, text) in params.iter().zip(texts) {
        let name = &param.name;
        let text = text.ok_or_else(|| {
            let article = if param.ty.starts_with(['a', 'i']) { "an" } else { "a" };
            let ty = type_name(param);
            format!("{what} needs `{name}`, {article} {ty}: it takes {}", list(params))
        })?;
        let value = parse::value(param, text, names)
            .map_err(|reason| format!("argument `{name}` of {what}: {reason}"))?;
        values.push(value);
    }
    Ok(DynSolValue::Tuple(values).abi_encode_params())
}

/// `(to: address, amount: uint256)`
fn list(params: &[Param]) -> String {
    if params.is_empty() {
        return "no arguments".to_owned();
    }
    let shown: Vec<_> = params
        .iter()
        .map(|param| match param.name.as_str() {
            "" => type_name(param),
            name => format!("--{name} <{}>", type_name(param)),
        })
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::output::hex;

    fn params() -> Vec<Param> {
        let param = |ty: &str, name: &str| Param {
            ty: ty.to_owned(),
            name: name.to_owned(),
            components: Vec::new(),
            internal_type: None,
        };
        vec![param("uint256", "tokenId"), param("bool", "safe")]
    }

    fn bound(line: &[&str]) -> Result<String, String> {
        let mut given = Given::default();
        let mut words = line.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some(name) => {
                    let text = words.next().expect("a value").to_string();
                    given.named.push((name.to_owned(), text));
                }
                None => given.positional.push((*word).to_owned()),
            }
        }
        bind("f", &params(), &given, &Names::default()).map(|bytes| hex(&bytes))
    }

    #[test]
    fn arguments_have_names_or_places() {
        let expected = Ok(format!("{:064x}{:064x}", 5, 1));
        for line in [
            &["5", "true"][..],
            &["--tokenId", "5", "--safe", "true"],
            &["--token-id", "5", "true"],
            &["--safe", "true", "5"],
            &["5", "--SAFE", "true"],
        ] {
            assert_eq!(bound(line), expected, "{line:?}");
        }
    }

    #[test]
    fn wrong_arguments_are_told() {
        for (line, part) in [
            (&["5"][..], "needs `safe`"),
            (&["5", "true", "6"], "too many"),
            (&["--tokenid", "5", "--token_id", "6", "true"], "twice"),
            (&["--tokenIt", "5", "true"], "did you mean --tokenId?"),
            (&["--other", "5", "true"], "takes --tokenId <uint256> --safe <bool>"),
            (&["five", "true"], "argument `tokenId` of f"),
        ] {
            let message = bound(line).expect_err("wrong");
            assert!(message.contains(part), "{message}");
        }
    }
}
