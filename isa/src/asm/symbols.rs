//! Names and what they stand for.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use super::expr::{Node, Value};

/// Which of the four sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SectionId {
    Text,
    Rodata,
    Data,
    Bss,
}

impl SectionId {
    pub(super) const COUNT: usize = 4;
    pub(super) const ALL: [Self; Self::COUNT] = [Self::Text, Self::Rodata, Self::Data, Self::Bss];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text => ".text",
            Self::Rodata => ".rodata",
            Self::Data => ".data",
            Self::Bss => ".bss",
        }
    }

    /// The section that a name or one of its subsections stands for: `.text.hot` is in `.text`,
    /// `.sdata` in `.data`.
    pub(super) fn of(name: &str) -> Option<Self> {
        let stem = name.strip_prefix('.')?.split('.').next()?;
        Some(match stem {
            "text" => Self::Text,
            "rodata" | "srodata" => Self::Rodata,
            "data" | "sdata" => Self::Data,
            "bss" | "sbss" => Self::Bss,
            _ => return None,
        })
    }
}

/// Everything that has a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Symbols {
    named: BTreeMap<String, Definition>,
    /// How often each numeric label was defined, and where.
    locals: BTreeMap<(u32, u32), Value>,
    local_counts: BTreeMap<u32, u32>,
    /// The distance that each `%pcrel_hi` stands for, by section and offset of its instruction.
    pcrel: BTreeMap<(SectionId, i64), Node>,
}

#[derive(Clone, Copy, Debug)]
struct Definition {
    value: Value,
    line: u32,
    is_label: bool,
}

impl Symbols {
    /// Gives a place a name. Names of digits only can be given again and again.
    pub(super) fn define_label(&mut self, name: &str, at: Value, line: u32) -> Result<(), String> {
        if let Ok(number) = name.parse::<u32>() {
            let count = self.local_counts.entry(number).or_default();
            self.locals.insert((number, *count), at);
            *count += 1;
            return Ok(());
        }
        self.define(name, at, line, true)
    }

    /// Gives a value a name; another value may take the name over.
    pub(super) fn define_constant(
        &mut self,
        name: &str,
        value: Value,
        line: u32,
    ) -> Result<(), String> {
        self.define(name, value, line, false)
    }

    fn define(
        &mut self,
        name: &str,
        value: Value,
        line: u32,
        is_label: bool,
    ) -> Result<(), String> {
        if let Some(old) = self.named.get(name)
            && (old.is_label || is_label)
        {
            return Err(format!(
                "`{name}` is defined on line {} already; give one of them another name",
                old.line
            ));
        }
        let definition = Definition { value, line, is_label };
        self.named.insert(name.to_owned(), definition);
        Ok(())
    }

    pub(super) fn value(&self, name: &str) -> Option<Value> {
        self.named.get(name).map(|definition| definition.value)
    }

    /// The value that a constant has at this moment; labels have theirs for good.
    pub(super) fn constant(&self, name: &str) -> Option<Value> {
        let definition = self.named.get(name)?;
        (!definition.is_label).then_some(definition.value)
    }

    pub(super) fn local(&self, number: u32, ordinal: u32) -> Option<Value> {
        self.locals.get(&(number, ordinal)).copied()
    }

    /// The symbol that `1b` or `1f` means here; `None` if the name is not of this form.
    pub(super) fn local_reference(&self, name: &str) -> Option<Result<Node, String>> {
        let forward = name.ends_with('f');
        let number = name.strip_suffix(['b', 'f'])?.parse::<u32>().ok()?;
        let count = self.local_counts.get(&number).copied().unwrap_or(0);
        Some(match (forward, count.checked_sub(1)) {
            (true, _) => Ok(Node::Local(number, count)),
            (false, Some(last)) => Ok(Node::Local(number, last)),
            (false, None) => {
                Err(format!("`{name}` looks for a label `{number}:` above, and there is none"))
            }
        })
    }

    pub(super) fn remember_pcrel(&mut self, section: SectionId, offset: i64, distance: Node) {
        self.pcrel.insert((section, offset), distance);
    }

    pub(super) fn pcrel_distance(&self, at: Value) -> Option<&Node> {
        self.pcrel.get(&(at.section?, at.number))
    }

    /// Labels, and constants that name a place, with what they stand for.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, Value)> {
        self.named
            .iter()
            .filter(|(_, definition)| definition.value.section.is_some())
            .map(|(name, definition)| (name.as_str(), definition.value))
    }
}
