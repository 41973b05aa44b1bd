//! Counts over a text: instructions by class, runs, charges.

use bessemer_image::{Charges, Text};
use bessemer_isa::Class;
use serde_json::{Value, json};

use crate::support::output::{self, TITLE, grouped};

/// Statistics of a text, decoded from front to back.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Statistics {
    /// In the order of [`CLASSES`].
    by_class: [u64; CLASSES.len()],
    compressed: u64,
    /// Slots passed over because no instruction stands there.
    illegal: u64,
    /// Runs, each from behind a terminator to the next one.
    runs: u64,
    /// The charges of their heads.
    charges: Option<ChargeRange>,
    charge_sum: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct ChargeRange {
    min: u32,
    max: u32,
}

impl Statistics {
    pub(super) fn of(text: &Text, charges: &Charges) -> Self {
        let mut found = Self::default();
        let step = text.profile().step() as usize;
        let (mut slot, mut at_head) = (0, true);
        while slot < text.slots().len() {
            let decoded = text.slot(slot);
            let Some(inst) = decoded.inst else {
                found.illegal += 1;
                (slot, at_head) = (slot + 1, true);
                continue;
            };
            if at_head {
                found.count_run(charges.at(slot));
            }
            let class = CLASSES.iter().position(|(class, _)| *class == inst.class());
            if let Some(count) = class.and_then(|class| found.by_class.get_mut(class)) {
                *count += 1;
            }
            found.compressed += u64::from(decoded.len == 2);
            at_head = decoded.ends_run();
            slot += usize::from(decoded.len) / step;
        }
        found
    }

    fn count_run(&mut self, charge: u32) {
        self.runs += 1;
        self.charge_sum += u64::from(charge);
        let range = self.charges.get_or_insert(ChargeRange { min: charge, max: charge });
        range.min = range.min.min(charge);
        range.max = range.max.max(charge);
    }

    fn instructions(&self) -> u64 {
        self.by_class.iter().sum()
    }

    fn mean_charge(&self) -> Option<f64> {
        (self.runs != 0).then(|| self.charge_sum as f64 / self.runs as f64)
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{TITLE}instructions{TITLE:#}\n");
        let all = [
            ["all".to_owned(), grouped(self.instructions())],
            ["compressed".to_owned(), grouped(self.compressed)],
            ["not legal".to_owned(), grouped(self.illegal)],
        ];
        let classes = CLASSES.iter().zip(self.by_class).filter(|(_, count)| *count != 0);
        let classes = classes.map(|((_, name), count)| [(*name).to_owned(), grouped(count)]);
        text.push_str(&output::table(all.into_iter().chain(classes)));
        text.push_str(&format!("{TITLE}runs{TITLE:#}\n"));
        let mut rows = vec![["count".to_owned(), grouped(self.runs)]];
        if let (Some(ChargeRange { min, max }), Some(mean)) = (&self.charges, self.mean_charge()) {
            rows.push(["charge".to_owned(), format!("{min} to {max} gas, mean {mean:.1}")]);
        }
        text.push_str(&output::table(rows));
        text
    }

    pub(super) fn to_json(&self) -> Value {
        let classes = CLASSES.iter().zip(self.by_class);
        json!({
            "instructions": self.instructions(),
            "compressed": self.compressed,
            "illegal": self.illegal,
            "by_class": classes
                .map(|((_, name), count)| ((*name).to_owned(), Value::from(count)))
                .collect::<Value>(),
            "runs": self.runs,
            "charge_min": self.charges.as_ref().map(|range| range.min),
            "charge_max": self.charges.as_ref().map(|range| range.max),
            "charge_mean": self.mean_charge(),
        })
    }
}

const CLASSES: [(Class, &str); 12] = [
    (Class::Alu, "alu"),
    (Class::Mul, "mul"),
    (Class::Mulh, "mulh"),
    (Class::Div, "div"),
    (Class::Load, "load"),
    (Class::Store, "store"),
    (Class::Amo, "amo"),
    (Class::Branch, "branch"),
    (Class::Jal, "jal"),
    (Class::Jalr, "jalr"),
    (Class::Ecall, "ecall"),
    (Class::Ebreak, "ebreak"),
];
