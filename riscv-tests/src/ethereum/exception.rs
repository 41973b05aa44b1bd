//! The reasons for which transactions are refused, in the words of fixtures.

use bessemer_evm::{Invalid, TransactionKind};

/// The names of a reason in fixtures: those of execution-spec-tests, those of retesteth, and messages of
/// clients, all without prefix, spaces and signs, in small letters.
fn names(invalid: &Invalid) -> &'static [&'static str] {
    match invalid {
        Invalid::Type { kind: TransactionKind::AccessList, .. } => {
            &["type1txprefork", "typenotsupported"]
        }
        Invalid::Type { kind: TransactionKind::DynamicFee, .. } => {
            &["type2txprefork", "typenotsupported"]
        }
        Invalid::Type { kind: TransactionKind::Blob, .. } => {
            &["type3txprefork", "typenotsupported", "typenotsupportedblob"]
        }
        Invalid::Type { kind: TransactionKind::SetCode, .. } => {
            &["type4txprefork", "typenotsupported"]
        }
        Invalid::Type { .. } => &["typenotsupported"],
        Invalid::ChainId { .. } => &["invalidchainid", "invalidchainidforsigner"],
        Invalid::GasAboveCap { .. } => &["gaslimitexceedsmaximum", "gasallowanceexceeded"],
        Invalid::GasAboveBlock { .. } => {
            &["gasallowanceexceeded", "gaslimitreached", "gaslimitexceedsmaximum"]
        }
        Invalid::IntrinsicGas { .. } => {
            &["intrinsicgastoolow", "intrinsicgas", "nofundsorgas", "outofgasintrinsic"]
        }
        Invalid::FloorGas { .. } => {
            &["intrinsicgasbelowfloorgascost", "intrinsicgastoolow", "intrinsicgas"]
        }
        Invalid::InitcodeTooLong { .. } => &["initcodesizeexceeded", "initcodelimitexceeded"],
        Invalid::NonceIsMax => &["nonceismax", "noncehasmaxvalue", "noncetoobig", "nonceoverflow"],
        Invalid::NonceTooLow { .. } => &["noncemismatchtoolow", "noncetoolow"],
        Invalid::NonceTooHigh { .. } => &["noncemismatchtoohigh", "noncetoohigh"],
        Invalid::Funds { .. } => &[
            "insufficientaccountfunds",
            "gaslimitpriceproductoverflow",
            "nofunds",
            "nofundsx",
            "nofundsorgas",
            "insufficientfunds",
            "insufficientfundsforgaspricevalue",
        ],
        Invalid::SenderIsContract { .. } => &["sendernoteoa"],
        Invalid::FeeBelowBase { .. } => &["insufficientmaxfeepergas", "feecaplessthanblocks"],
        Invalid::PriorityAboveFee { .. } => {
            &["prioritygreaterthanmaxfeepergas", "prioritygreaterthanmaxfeepergas2", "tipgtfeecap"]
        }
        Invalid::BlobFee { .. } => &["insufficientmaxfeeperblobgas"],
        Invalid::NoBlobs => &["type3txzeroblobs", "emptyblob"],
        Invalid::TooManyBlobs { .. } => {
            &["type3txblobcountexceeded", "type3txmaxblobgasallowanceexceeded", "bloblistoversize"]
        }
        Invalid::BlobVersion { .. } => &["type3txinvalidblobversionedhash", "blobversioninvalid"],
        Invalid::Creates { kind: TransactionKind::Blob } => {
            &["type3txcontractcreation", "blobcreate"]
        }
        Invalid::Creates { .. } => &["type4txcontractcreation"],
        Invalid::NoAuthorizations => &["type4emptyauthorizationlist"],
        _ => &[],
    }
}

/// Names of fields that hold more than their type: no envelope says that.
pub(super) const TOO_LARGE: &[&str] = &[
    "valueoverflow",
    "gaslimitpriceproductoverflow",
    "gaspriceoverflow",
    "gaslimitoverflow",
    "rlpwrongvalue",
    "rlpinvalidvalue",
    "rlpinvalidheader",
    "invalidvalue",
    "nofunds",
    "insufficientaccountfunds",
];

fn normal(name: &str) -> String {
    let name = name.trim();
    let name = name.strip_prefix("TransactionException.").unwrap_or(name);
    let name = name.strip_prefix("TR_").unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether one of the expected reasons, which `|` sets apart, has one of these names.
pub(super) fn is_one_of(expected: &str, names: &[&str]) -> bool {
    expected.split('|').any(|name| names.contains(&normal(name).as_str()))
}

/// Whether a refusal is what a fixture expects.
pub(super) fn is_expected(expected: &str, invalid: &Invalid) -> bool {
    is_one_of(expected, names(invalid))
}

#[cfg(test)]
mod tests {
    use bessemer_evm::alloy_primitives::{Address, U256};

    use super::*;

    #[test]
    fn only_the_right_reason_is_accepted_in_any_dialect() {
        let funds = Invalid::Funds { sender: Address::ZERO, balance: U256::ZERO };
        for name in [
            "TransactionException.INSUFFICIENT_ACCOUNT_FUNDS",
            "TransactionException.INTRINSIC_GAS_TOO_LOW|TransactionException.INSUFFICIENT_ACCOUNT_FUNDS",
            "TR_NoFunds",
            "insufficient funds for gas * price + value",
        ] {
            assert!(is_expected(name, &funds), "{name}");
            assert!(!is_expected(name, &Invalid::NonceIsMax), "{name}");
        }
    }
}
