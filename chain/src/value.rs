//! Stored values.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes that need no memory of their own: enough for a word and for an account without code.
const SHORT: usize = 46;

/// The bytes of a value. Clones are cheap: a short value is copied, and clones of a long one share its
/// bytes.
#[derive(Clone)]
pub struct Value(Bytes);

#[derive(Clone)]
enum Bytes {
    Short(u8, [u8; SHORT]),
    Long(Arc<[u8]>),
}

impl Value {
    /// The bytes, shared with this value if they are many.
    pub fn into_shared(self) -> Arc<[u8]> {
        match self.0 {
            Bytes::Short(..) => Arc::from(&*self),
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl Deref for Value {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Short(len, bytes) => &bytes[..usize::from(*len)],
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl From<&[u8]> for Value {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT];
        match short.get_mut(..bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                Self(Bytes::Short(bytes.len() as u8, short))
            }
            None => Self(Bytes::Long(Arc::from(bytes))),
        }
    }
}

impl From<Arc<[u8]>> for Value {
    fn from(bytes: Arc<[u8]>) -> Self {
        if bytes.len() <= SHORT { Self::from(&*bytes) } else { Self(Bytes::Long(bytes)) }
    }
}

impl PartialEq for Value {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_prefixed(&**self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_bytes_it_was_made_of() {
        let bytes: Vec<u8> = (0..=255).collect();
        for len in [0, 1, 32, 41, SHORT - 1, SHORT, SHORT + 1, 73, 256] {
            let value = Value::from(&bytes[..len]);
            assert_eq!(*value, bytes[..len]);
            assert_eq!(value, Value::from(Arc::from(&bytes[..len])));
            assert_eq!(*value.clone().into_shared(), bytes[..len]);
            assert_eq!(len <= SHORT, matches!(value.0, Bytes::Short(..)), "{len}");
        }
        assert_eq!(size_of::<Option<Value>>(), 48);
    }
}
