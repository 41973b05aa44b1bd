//! How large the programs of contracts are: what loading them costs, known before they are loaded.

use bessemer_image::Program;

use crate::encoding::EncodingError;
use crate::price::Prices;
use crate::value::Value;

/// The sizes of a contract's file by which a frame of it is priced. The state has them beside the
/// file, so that nothing is loaded before it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeSize {
    /// Pages of segments and stack, with which a frame begins.
    pub pages: u32,
    /// Bytes of the file: segments, symbols and all.
    pub file: u32,
    /// Bytes of text.
    pub text: u32,
}

impl CodeSize {
    /// The sizes of a file that was parsed.
    pub(crate) fn of(program: &Program, file: &[u8]) -> Self {
        Self {
            pages: program.entry_pages(),
            file: file.len() as u32,
            text: program.text().bytes().len() as u32,
        }
    }

    /// What entering a frame costs: its pages (rule G8), and loading the file as if no node had it
    /// in memory.
    pub(crate) fn entry_price(&self, prices: &Prices) -> u64 {
        let paid = |bytes: u32| u64::from(bytes.saturating_sub(prices.load_free));
        u64::from(self.pages) * u64::from(prices.guest.page)
            + paid(self.file) * prices.load_file_byte
            + paid(self.text) * prices.load_text_byte
    }

    /// The sizes in the form in which the state has them.
    pub fn encode(self) -> Value {
        let words = [self.pages, self.file, self.text].map(u32::to_le_bytes);
        Value::from(words.as_flattened())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, EncodingError> {
        match bytes.as_chunks() {
            (&[pages, file, text], []) => {
                let [pages, file, text] = [pages, file, text].map(u32::from_le_bytes);
                Ok(Self { pages, file, text })
            }
            _ => Err(EncodingError::new("the sizes of a file", bytes.len())),
        }
    }
}
