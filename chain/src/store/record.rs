//! Records of an embedder with a block, beside the state.

use super::Record;

/// Keys with their values, of which the last counts if a key comes twice. All stand in one piece of
/// memory, because a block may have one for each transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordSet {
    bytes: Vec<u8>,
    /// Where key and value of each record end.
    ends: Vec<[usize; 2]>,
}

impl RecordSet {
    /// No records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(key);
        let end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push([end, self.bytes.len()]);
    }

    /// Key and value of each record, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        let mut begin = 0;
        self.ends.iter().map(move |&[key_end, end]| {
            let record = (&self.bytes[begin..key_end], &self.bytes[key_end..end]);
            begin = end;
            record
        })
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl FromIterator<Record> for RecordSet {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut set = Self::new();
        records.into_iter().for_each(|(key, value)| set.push(&key, &value));
        set
    }
}
