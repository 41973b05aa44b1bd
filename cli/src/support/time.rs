//! Times and durations as people write them.

/// The times of blocks end there.
const MOST: u64 = 1 << 63;

/// A time in seconds since 1970: as that, as `2027-01-31` or `2027-01-31T12:00:00Z`, or as `+2h` from now.
pub(crate) fn time(text: &str, now: u64) -> Result<u64, String> {
    let parsed = match text.strip_prefix('+') {
        Some(ahead) => duration(ahead).ok().and_then(|ahead| now.checked_add(ahead)),
        None => text.replace('_', "").parse().ok().or_else(|| date(text)),
    };
    parsed.filter(|time| *time < MOST).ok_or_else(|| {
        format!("`{text}` is not a time: write seconds since 1970, 2027-01-31T12:00:00Z in UTC, or +2h from now")
    })
}

/// A duration in seconds: `90`, `90s`, `15m`, `2h`, `7d`.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let unit = match unit {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        "w" => Some(604_800),
        _ => None,
    };
    let number = number.replace('_', "").parse::<u64>().ok();
    let seconds = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    seconds.ok_or_else(|| format!("`{text}` is not a duration: write 90, 90s, 15m, 2h, 7d or 2w"))
}

/// `2027-01-31T12:00:00Z`
pub(crate) fn shown(time: u64) -> String {
    let (days, seconds) = (time / 86_400, time % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn date(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let part = |text: &str, most: u64| {
        let digits = (1..=4).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
        text.parse::<u64>().ok().filter(|number| digits && *number <= most)
    };
    let mut date = date.split('-');
    let year = part(date.next()?, 9_999).filter(|year| *year >= 1_970)?;
    let (month, day) = (part(date.next()?, 12)?, part(date.next()?, 31)?);
    let mut clock = clock.split(':');
    let (hour, minute) = (part(clock.next()?, 23)?, part(clock.next()?, 59)?);
    let second = part(clock.next().unwrap_or("0"), 59)?;
    if date.next().is_some() || clock.next().is_some() {
        return None;
    }
    let days = days(year, month, day);
    // no 31st of April
    (civil(days) == (year, month, day))
        .then_some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days from the first of January 1970 to a day of the Gregorian calendar, whose year is counted from March.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    (before + (153 * month + 2) / 5 + day).saturating_sub(719_469)
}

/// The day that is so many days after the first of January 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let mut year = 1_970 + days / 366;
    while self::days(year + 1, 1, 1) <= days {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| self::days(year, *month, 1) <= days).unwrap_or(1);
    (year, month, days - self::days(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates() {
        for (text, seconds) in [
            ("0", 0),
            ("1_700_000_000", 1_700_000_000),
            ("1970-01-01", 0),
            ("2000-02-29T00:00:01Z", 951_782_401),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2100-03-01 00:00", 4_107_542_400),
            ("+2h", 1_000 + 7_200),
        ] {
            assert_eq!(time(text, 1_000), Ok(seconds), "{text}");
            assert_eq!(time(&shown(seconds), 0), Ok(seconds), "{text}");
        }
        for text in [
            "",
            "x",
            "-1",
            "2023-02-29",
            "2023-13-01",
            "2023-01-01T24:00:00Z",
            "+",
            "+1y",
            "9223372036854775808",
        ] {
            assert!(time(text, 0).is_err(), "{text}");
        }
    }
}
