//! Measurements of two sides as a table.

use std::fmt::Write;

/// Something of Bessemer and of wasmtime.
pub struct Sides<T> {
    pub ours: T,
    pub theirs: T,
}

/// The same work, measured again and again on both sides.
pub struct Row {
    what: &'static str,
    pub ours: Samples,
    pub theirs: Samples,
}

/// Times in microseconds.
#[derive(Default)]
pub struct Samples(Vec<f64>);

impl Row {
    pub fn new(what: &'static str) -> Self {
        Self { what, ours: Samples::default(), theirs: Samples::default() }
    }

    /// Adds a measurement of each side.
    pub fn push(&mut self, [ours, theirs]: [f64; 2]) {
        self.ours.0.push(ours);
        self.theirs.0.push(theirs);
    }
}

impl Samples {
    /// Noise only ever adds: the best estimate of what the work takes.
    pub fn minimum(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The rows in Markdown.
pub fn render(title: &str, rows: &[&Row]) -> String {
    let heads = ["Bessemer", "median", "wasmtime", "median", "ratio"];
    let mut out = format!("| {title:46} |");
    heads.iter().for_each(|head| _ = write!(out, " {head:>10} |"));
    let lines = heads.iter().map(|_| format!("{}:|", "-".repeat(11))).collect::<String>();
    _ = writeln!(out, "\n|{}|{lines}", "-".repeat(48));
    for Row { what, ours, theirs } in rows {
        let [a, b] = [ours.minimum(), theirs.minimum()];
        let cells = [a, ours.median(), b, theirs.median()];
        _ = write!(out, "| {what:46} |");
        cells.iter().for_each(|time| _ = write!(out, " {time:10.1} |"));
        _ = writeln!(out, " {:10.2} |", a / b);
    }
    out
}
