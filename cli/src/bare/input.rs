//! Standard input of a program that may run more than once.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// Standard input of one run. What was read is kept, so that another run of the program, with
/// [`Input::again`], reads the same, and goes on with the source behind it.
pub struct Input {
    source: Arc<Mutex<Source>>,
    /// How many answers this run got.
    answers: usize,
}

struct Source {
    /// The bytes that each call got: a terminal gives a line at a time.
    given: Vec<Box<[u8]>>,
    rest: Box<dyn Read + Send>,
}

impl Input {
    /// Input from a source.
    pub fn new(source: impl Read + Send + 'static) -> Self {
        let source = Source { given: Vec::new(), rest: Box::new(source) };
        Self { source: Arc::new(Mutex::new(source)), answers: 0 }
    }

    /// Input that is at its end.
    pub fn empty() -> Self {
        Self::new(io::empty())
    }

    /// The same input from its begin, for another run.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { source: Arc::clone(&self.source), answers: 0 }
    }

    /// Reads at most as much as there is room for; 0 bytes are the end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if self.answers == source.given.len() {
            let read = loop {
                match source.rest.read(room) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read?,
                }
            };
            source.given.push(room[..read].into());
        }
        let given = &source.given[self.answers];
        // the same program has the same room
        let len = given.len().min(room.len());
        room[..len].copy_from_slice(&given[..len]);
        self.answers += 1;
        Ok(len)
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("answers", &self.answers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_gets_the_same_answers_and_the_longest_reads_on() {
        let mut first = Input::new(&b"abcdefgh"[..]);
        let mut room = [0; 3];
        assert_eq!((first.read(&mut room).expect("a slice"), &room), (3, b"abc"));
        let mut second = first.again();
        for (len, text) in [(3, &b"abc"[..]), (3, b"def"), (2, b"gh"), (0, b"")] {
            assert_eq!(second.read(&mut room).expect("a slice"), len);
            assert_eq!(&room[..len], text);
        }
        assert_eq!((first.read(&mut room).expect("a slice"), &room), (3, b"def"));
    }
}
