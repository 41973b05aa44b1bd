//! Everything that is printed: the result on standard output, all else on standard error.

use std::fmt::{self, Display};
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use bessemer_isa::Reg;
use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde_json::Value;

use crate::support::failure::{Failure, with_sources};

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    Always,
    Never,
}

impl Color {
    /// Applies the choice to the whole process.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// As one JSON document.
    pub(crate) json: bool,
}

impl Output {
    /// Prints text of the result.
    pub(crate) fn text(self, text: impl Display) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        write!(stdout, "{text}").map_err(|error| Failure::stream("standard output", error))
    }

    /// Prints the result as a document.
    pub(crate) fn document(self, document: &Value) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{document:#}")
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::stream("standard output", error))
    }

    /// Prints a message on standard error. If that fails, there is no place to report it.
    pub(crate) fn note(self, text: impl Display) {
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }

    /// Prints an error, in the form `error: ...`.
    pub(crate) fn error(self, text: impl Display) {
        self.note(format_args!("{ERROR}error:{ERROR:#} {text}"));
    }

    /// Prints a failure and returns its exit code.
    pub(crate) fn failure(self, failure: &Failure) -> u8 {
        if !failure.is_silent() {
            self.error(with_sources(failure));
            if self.json {
                // The failure that counts is the first.
                let _ = self.document(&failure.to_json());
            }
        }
        failure.exit_code()
    }
}

/// Errors.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Warnings and differences.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Titles and names.
pub(crate) const TITLE: Style = Style::new().bold();
/// Details.
pub(crate) const DIM: Style = Style::new().dimmed();

/// Rows of aligned cells, two spaces in.
pub(crate) fn table<R: IntoIterator<Item = String>>(rows: impl IntoIterator<Item = R>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for row in rows {
        table.add_row(row);
    }
    let lines = table.lines().map(|line| format!(" {}\n", line.trim_end()));
    lines.collect()
}

/// All registers, four a line.
pub(crate) fn registers(registers: &[u64; 32]) -> String {
    let cells: Vec<_> =
        Reg::all().map(|reg| format!("{reg:>4} {:#010x}", registers[reg.index()])).collect();
    cells.chunks(4).map(|row| format!("  {}\n", row.join("  "))).collect()
}

/// All registers but x0, by their names.
pub(crate) fn registers_json(registers: &[u64; 32]) -> Value {
    let named = Reg::all().skip(1);
    named.map(|reg| (reg.name().to_owned(), Value::from(registers[reg.index()]))).collect()
}

/// Adds the members of one object to another.
pub(crate) fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes, in KiB from 1,024 on.
pub(crate) fn kib(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        _ => format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024),
    }
}

/// Bytes in hexadecimal digits behind 0x.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// An address, as `0x` and eight digits.
pub(crate) struct Address(pub(crate) u32);

impl Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// Prints the warnings that libraries log.
pub(crate) fn log_warnings() {
    static LOGGER: Logger = Logger;
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) && record.target().starts_with("bessemer") {
            let text = format!("{WARNING}warning:{WARNING:#} {}", record.args());
            let _ = writeln!(anstream::stderr().lock(), "{text}");
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), shown);
        }
    }
}
