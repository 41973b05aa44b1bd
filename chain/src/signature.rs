//! Signatures of functions, as people write them and as they are hashed.

use std::fmt::Write;

/// The signature that is hashed: without spaces, and with `uint256` for `uint` and `int256` for `int`.
/// The error says what is wrong.
pub(crate) fn canonical(signature: &str) -> Result<String, String> {
    let text: String = signature.chars().filter(|c| !c.is_whitespace()).collect();
    let end = text.find('(').ok_or("the types of the arguments are missing: `name(type,type)`")?;
    let (name, rest) = text.split_at(end);
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    let fits = name.chars().all(|c| letter(c) || c.is_ascii_digit());
    if !fits || !name.starts_with(letter) {
        return Err(format!("`{name}` is not a name of a function"));
    }
    let mut out = name.to_owned();
    let rest = list(rest, &mut out, 0)?;
    if !rest.is_empty() {
        return Err(format!("`{rest}` stands behind the types of the arguments"));
    }
    Ok(out)
}

/// The deepest structure that is read.
const DEPTH: u32 = 16;

/// Reads `(type,type)`, and returns what stands behind it.
fn list<'a>(text: &'a str, out: &mut String, depth: u32) -> Result<&'a str, String> {
    let unclosed = "a parenthesis is not closed";
    if depth > DEPTH {
        return Err(format!("structures are nested more than {DEPTH} deep"));
    }
    out.push('(');
    let mut rest = text.strip_prefix('(').ok_or(unclosed)?;
    if let Some(rest) = rest.strip_prefix(')') {
        out.push(')');
        return Ok(rest);
    }
    loop {
        rest = ty(rest, out, depth)?;
        let next = rest.chars().next().ok_or(unclosed)?;
        rest = &rest[next.len_utf8()..];
        match next {
            ',' => out.push(','),
            ')' => {
                out.push(')');
                return Ok(rest);
            }
            other => return Err(format!("`{other}` stands behind a type, not `,` or `)`")),
        }
    }
}

/// Reads a type, with the brackets of arrays behind it.
fn ty<'a>(text: &'a str, out: &mut String, depth: u32) -> Result<&'a str, String> {
    let mut rest = if text.starts_with('(') {
        list(text, out, depth + 1)?
    } else {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        match name {
            "uint" | "int" => {
                let _ = write!(out, "{name}256");
            }
            _ if is_elementary(name) => out.push_str(name),
            _ => return Err(format!("`{name}` is not a type of Solidity")),
        }
        rest
    };
    while let Some(inside) = rest.strip_prefix('[') {
        let (count, behind) = inside.split_once(']').ok_or("a bracket is not closed")?;
        let plain = count.chars().all(|c| c.is_ascii_digit()) && !count.starts_with('0');
        if !plain {
            return Err(format!("`[{count}]` is not a length of an array"));
        }
        let _ = write!(out, "[{count}]");
        rest = behind;
    }
    Ok(rest)
}

fn is_elementary(name: &str) -> bool {
    let number = |digits: &str| {
        let plain = digits.chars().all(|c| c.is_ascii_digit()) && !digits.starts_with('0');
        digits.parse::<u32>().ok().filter(|_| plain)
    };
    let bits =
        |digits| number(digits).is_some_and(|bits| bits % 8 == 0 && (8..=256).contains(&bits));
    match name {
        "bool" | "address" | "string" | "bytes" | "function" => true,
        _ => {
            name.strip_prefix("uint").or_else(|| name.strip_prefix("int")).is_some_and(bits)
                || name
                    .strip_prefix("bytes")
                    .and_then(number)
                    .is_some_and(|count| (1..=32).contains(&count))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn spaces_and_aliases_do_not_change_a_selector() {
        for (written, hashed) in [
            ("transfer(address, uint256)", "transfer(address,uint256)"),
            (" f ( uint , int[2][] ) ", "f(uint256,int256[2][])"),
            ("f((uint,(bytes32,string)[]),bool)", "f((uint256,(bytes32,string)[]),bool)"),
            ("f()", "f()"),
            ("f(())", "f(())"),
            ("_f$1(int24,bytes1,function)", "_f$1(int24,bytes1,function)"),
        ] {
            assert_eq!(canonical(written).as_deref(), Ok(hashed), "{written}");
        }
    }

    #[test]
    fn invalid_signatures_are_refused_with_a_reason() {
        let deep = format!("f{}{}", "(".repeat(100_000), ")".repeat(100_000));
        for wrong in [
            "",
            "f",
            "f(",
            "f)",
            "f(uint256",
            "(uint256)",
            "1f()",
            "f-g()",
            "f(uint256))",
            "f(,)",
            "f(uint256,)",
            "f(uint7)",
            "f(uint264)",
            "f(uint08)",
            "f(bytes33)",
            "f(bytes0)",
            "f(u8)",
            "f(U256)",
            "f(uint256 amount)",
            "f(uint8[)",
            "f(uint8[x])",
            "f(uint8[0])",
            "f(uint8]",
            "f(uint256)é",
            "f(é)",
            deep.as_str(),
        ] {
            assert!(canonical(wrong).is_err(), "{wrong:.40}");
        }
    }
}
