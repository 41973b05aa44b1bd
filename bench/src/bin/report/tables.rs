//! Measurements as tables in Markdown.

use std::fmt::Write;

use bessemer_bench::bombs;
use bessemer_bench::fairness::{self, INTERPRETED_TARGET, Kind, NATIVE_TARGET};
use bessemer_bench::latency::{
    COLD_TARGET_NS, GUEST_CALL_TARGET_NS, HOST_CALL_TARGET_NS, IDLE_TARGET, Latencies,
    PAUSE_TARGET_NS, WARM_TARGET_NS,
};
use bessemer_bench::speed::{MEAN_TARGET, Report, Row, WIDE_MEAN_TARGET, wide_target};
use bessemer_bench::translation::{MEMORY_TARGET, SPEED_TARGET, Translation};
use comfy_table::{CellAlignment, Table, presets};

use crate::Everything;

/// All tables, with what they say about the targets.
pub(crate) fn everything(everything: &Everything) -> String {
    let mut out = speed(&everything.speed);
    if !everything.latencies.is_empty() {
        out += &latencies(&everything.latencies);
    }
    if !everything.translations.is_empty() {
        out += &translations(&everything.translations);
    }
    if let Some(peak) = everything.peak_memory {
        let verdict = verdict(peak <= MEMORY_TARGET);
        let target = MEMORY_TARGET >> 20;
        _ = writeln!(out, "\nPeak memory {} MiB, target {target} MiB: {verdict}", peak >> 20);
    }
    out
}

fn speed(report: &Report) -> String {
    let mut table = table(&[
        "workload",
        "native ms",
        "RV64",
        "RV32",
        "RV32, opt none",
        "interpreter",
        "M instr/s",
        "gas, RV64",
        "gas, RV32",
        "spread",
    ]);
    for row in &report.rows {
        table.add_row(cells(row));
    }
    if let Some(mean) = &report.mean {
        table.add_row(vec![
            format!("**geometric mean of {}**", report.rows.len()),
            String::new(),
            format!("**{}**", ratio(mean.wide)),
            format!("**{}**", ratio(mean.jit)),
            ratio(mean.jit_unoptimised),
            mean.interpreter.map(ratio).unwrap_or_default(),
        ]);
    }
    let mut out =
        format!("Processor time over that of native code, minimum of the rounds\n\n{table}\n");
    if let (Some(_), Some(mean)) = (report.pass, &report.mean) {
        let means = [
            Target::new("geometric mean, RV64", mean.wide, WIDE_MEAN_TARGET, "x native"),
            Target::new("geometric mean, RV32", mean.jit, MEAN_TARGET, "x native"),
        ];
        let each = report.rows.iter().map(|row| {
            Target::new(row.name, row.wide_ratio, wide_target(row.name), "x native in RV64")
        });
        out += &verdicts(
            &format!(
                "mean of RV64 {WIDE_MEAN_TARGET}, of RV32 {MEAN_TARGET}, each in RV64 {}",
                wide_target("")
            ),
            means.into_iter().chain(each),
        );
    }
    out
}

fn cells(row: &Row) -> Vec<String> {
    let interpreter = row.interpreter.as_ref();
    let timings = [row.native, row.wide, row.jit, row.jit_unoptimised].map(Some);
    let timings = timings.into_iter().chain([interpreter.map(|it| it.timing)]).flatten();
    let spread = timings.map(|timing| timing.spread).fold(0.0, f64::max);
    vec![
        row.name.to_owned(),
        format!("{:.2}", row.native.min_ns / 1e6),
        ratio(row.wide_ratio),
        ratio(row.jit_ratio),
        ratio(row.jit_unoptimised_ratio),
        interpreter.map(|it| ratio(it.ratio)).unwrap_or_default(),
        interpreter
            .map(|it| format!("{:.0}", it.instructions_per_second / 1e6))
            .unwrap_or_default(),
        row.wide_gas.to_string(),
        row.gas.to_string(),
        format!("{:.0} %", spread * 100.0),
    ]
}

fn latencies(rows: &[Latencies]) -> String {
    let mut table = table(&[
        "engine",
        "guest call ns",
        "host call ns",
        "pause ns",
        "instance us",
        "and run us",
        "cold us",
        "other module us",
        "idle KiB",
        "page tables KiB",
    ]);
    for row in rows {
        table.add_row(vec![
            row.contender.name().to_owned(),
            format!("{:.1}", row.guest_call.min_ns),
            format!("{:.1}", row.host_call.min_ns),
            format!("{:.1}", row.pause.min_ns),
            format!("{:.2}", row.instantiate.min_ns / 1e3),
            format!("{:.2}", row.warm.min_ns / 1e3),
            format!("{:.2}", row.cold.min_ns / 1e3),
            format!("{:.2}", row.other.min_ns / 1e3),
            format!("{:.1}", row.idle.resident / 1024.0),
            format!("{:.1}", row.idle.page_tables / 1024.0),
        ]);
    }
    let mut out = format!("\nLatencies\n\n{table}\n");
    if let Some(jit) = rows.first() {
        let (us, kib) = (1e3, 1024.0);
        let targets = [
            Target::new("guest call", jit.guest_call.min_ns, GUEST_CALL_TARGET_NS, "ns"),
            Target::new("host call", jit.host_call.min_ns, HOST_CALL_TARGET_NS, "ns"),
            Target::new("pause", jit.pause.min_ns, PAUSE_TARGET_NS, "ns"),
            Target::new("instance and run", jit.warm.min_ns / us, WARM_TARGET_NS / us, "us"),
            Target::new("cold instance", jit.cold.min_ns / us, COLD_TARGET_NS / us, "us"),
            Target::new(
                "instance of another module",
                jit.other.min_ns / us,
                COLD_TARGET_NS / us,
                "us",
            ),
            Target::new("idle instance", jit.idle.resident / kib, IDLE_TARGET / kib, "KiB"),
        ];
        let list: Vec<_> = targets.iter().map(Target::stated).collect();
        out += &verdicts(&format!("of the jit: {}", list.join(", ")), targets);
    }
    out
}

fn translations(rows: &[Translation]) -> String {
    let mut table =
        table(&["program", "opt", "text KiB", "ms", "MB/s", "native/text", "units", "peak MiB"]);
    for row in rows {
        table.add_row(vec![
            row.name.clone(),
            if row.optimised { "speed" } else { "none" }.to_owned(),
            format!("{:.1}", row.text_bytes as f64 / 1024.0),
            format!("{:.1}", row.timing.min_ns / 1e6),
            format!("{:.2}", row.bytes_per_second / 1e6),
            format!("{:.2}", row.native_bytes as f64 / row.text_bytes as f64),
            row.units.to_string(),
            row.peak_memory.map(|bytes| (bytes >> 20).to_string()).unwrap_or_default(),
        ]);
    }
    let target = SPEED_TARGET / 1e6;
    // a speed has to be above its target: its inverse has to be below
    let optimised = rows.iter().filter(|row| row.optimised).map(|row| {
        let ms_per_mb = 1e9 / row.bytes_per_second;
        Target::new(&row.name, ms_per_mb, 1e9 / SPEED_TARGET, "ms/MB")
    });
    let verdict = verdicts(&format!("{target} MB/s of optimised code"), optimised);
    format!("\nTranslation\n\n{table}\n{verdict}")
}

/// The table of the compile bombs.
pub(crate) fn bombs(report: &bombs::Report) -> String {
    let Some(first) = report.blasts.first() else { return String::new() };
    let header = [
        "family".to_owned(),
        format!("{} k words ms/KiB", first.small.instructions / 1000),
        format!("{} k words ms/KiB", first.large.instructions / 1000),
        "opt none ms/KiB".to_owned(),
        "linearity".to_owned(),
        "x realistic".to_owned(),
        "native bytes/word".to_owned(),
        "largest contract s".to_owned(),
        "peak MiB".to_owned(),
        String::new(),
    ];
    let mut table = table(&header);
    let per_kib = |size: &bombs::Size| format!("{:.2}", size.ns_per_kib / 1e6);
    let native = |size: &bombs::Size| format!("{:.1}", size.native_per_instruction);
    let largest = |size: &bombs::Size| format!("{:.2}", size.largest_contract_s);
    let peak = |sizes: &[bombs::Size]| {
        let peak = sizes.iter().filter_map(|size| size.peak_memory).max();
        peak.map(|bytes| (bytes >> 20).to_string()).unwrap_or_default()
    };
    let realistic = &report.realistic;
    table.add_row(vec![
        "(realistic code)".to_owned(),
        String::new(),
        per_kib(realistic),
        String::new(),
        String::new(),
        "1.00".to_owned(),
        native(realistic),
        largest(realistic),
        peak(&[*realistic]),
    ]);
    for blast in &report.blasts {
        table.add_row(vec![
            blast.name.to_owned(),
            per_kib(&blast.small),
            per_kib(&blast.large),
            per_kib(&blast.unoptimised),
            format!("{:.1}", blast.linearity),
            format!("{:.2}", blast.relation),
            native(&blast.large),
            largest(&blast.large),
            peak(&[blast.small, blast.large, blast.unoptimised]),
            verdict(blast.pass).to_owned(),
        ]);
    }
    let (linearity, relation) = (bombs::LINEARITY_TARGET, bombs::RELATION_TARGET);
    let targets = report.blasts.iter().filter(|blast| !blast.pass).flat_map(|blast| {
        [
            Target::new(blast.name, blast.linearity, linearity, "x time for ten times the text"),
            Target::new(blast.name, blast.relation, relation, "x realistic code"),
        ]
    });
    let verdict = verdicts(
        &format!(
            "ten times the text in {linearity} times the time, {relation} times realistic code"
        ),
        targets,
    );
    format!("Translation of hostile programs\n\n{table}\n{verdict}")
}

/// A figure that must not be above its target.
struct Target {
    name: String,
    figure: f64,
    target: f64,
    unit: &'static str,
}

impl Target {
    fn new(name: impl Into<String>, figure: f64, target: f64, unit: &'static str) -> Self {
        Self { name: name.into(), figure, target, unit }
    }

    fn stated(&self) -> String {
        format!("{} {} {}", self.name, self.target, self.unit)
    }
}

/// A line that states the targets, and one for each figure that misses its own.
fn verdicts(stated: &str, targets: impl IntoIterator<Item = Target>) -> String {
    let missed: Vec<_> =
        targets.into_iter().filter(|target| target.figure > target.target).collect();
    let mut out = format!("\nTargets {stated}: {}\n", verdict(missed.is_empty()));
    for Target { name, figure, target, unit } in missed {
        _ = writeln!(out, "* FAIL {name}: {figure:.2} {unit}, target {target}");
    }
    out
}

/// Processor time per gas, the worst first.
pub(crate) fn fairness(report: &fairness::Report) -> String {
    let mut table = table(&[
        "program",
        "text KiB",
        "deploys",
        "native ns/gas",
        "over median",
        "interpreted ns/gas",
        "over median",
    ]);
    for row in &report.rows {
        let name = match row.kind {
            Kind::Ordinary => format!("({})", row.name),
            Kind::Hostile => row.name.clone(),
        };
        table.add_row(vec![
            name,
            format!("{:.1}", row.text as f64 / 1024.0),
            if row.deploys { String::new() } else { "L29".to_owned() },
            format!("{:.3}", row.native),
            ratio(row.native / report.native_median),
            format!("{:.3}", row.interpreted),
            ratio(row.interpreted / report.interpreted_median),
        ]);
    }
    let (native, interpreted) = report.ratios();
    format!(
        "Processor time per gas under schedule {}; ordinary programs in parentheses\n\n{table}\n\n\
         Median of the programs that deploy, each once: {:.3} ns natively, {:.3} interpreted; of the \
         ordinary ones {:.3} natively\n\
         Worst that deploys over median: {native:.1} natively, target {NATIVE_TARGET}; {interpreted:.1} \
         interpreted, target {INTERPRETED_TARGET}: {}\n",
        report.schedule,
        report.native_median,
        report.interpreted_median,
        report.ordinary_median,
        verdict(report.pass())
    )
}

pub(crate) fn inputs(report: &fairness::InputReport) -> String {
    let mut table =
        table(&["input", "kind", "gas", "native ns/gas", "over transfers", "interpreted ns/gas"]);
    let transfers = report.transfers().map(|row| row.native);
    for row in &report.rows {
        table.add_row(vec![
            row.name.clone(),
            row.group.name().to_owned(),
            row.gas.to_string(),
            format!("{:.3}", row.native),
            transfers.map(|transfers| ratio(row.native / transfers)).unwrap_or_default(),
            format!("{:.3}", row.interpreted),
        ]);
    }
    let schedule = report.schedule;
    format!(
        "Processor time per gas of transactions under schedule {schedule}, from the transaction to the \
         sealed block; a refused one counts as the price of a transaction\n\n{table}\n"
    )
}

pub(crate) fn blocks(blocks: &fairness::Blocks) -> String {
    let mut table = table(&["block of", "gas", "ns/gas", "over transfers", "full block, s"]);
    for row in &blocks.rows {
        table.add_row(vec![
            row.name.clone(),
            row.gas.to_string(),
            format!("{:.3}", row.ns_per_gas),
            ratio(row.ns_per_gas / blocks.rows[0].ns_per_gas),
            format!("{:.0}", row.ns_per_gas * blocks.block_gas as f64 / 1e9),
        ]);
    }
    format!(
        "Blocks natively; a full block has {} gas\n\n{table}\n\nWorst over transfers: {:.1}, target \
         {}: {}\n",
        blocks.block_gas,
        blocks.ratio(),
        fairness::BLOCK_TARGET,
        verdict(blocks.pass())
    )
}

fn verdict(pass: bool) -> &'static str {
    if pass { "pass" } else { "FAIL" }
}

fn ratio(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.1}") }
}

/// An empty table; all columns but the first are right-aligned.
pub(crate) fn table<T: ToString>(header: &[T]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header.iter().map(ToString::to_string));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_that_misses_is_named() {
        let targets =
            [Target::new("pause", 50.0, 60.0, "ns"), Target::new("cold", 32.0, 15.0, "us")];
        let text = verdicts("some", targets);
        assert_eq!(text, "\nTargets some: FAIL\n* FAIL cold: 32.00 us, target 15\n");
        assert!(verdicts("some", []).ends_with("pass\n"));
    }
}
