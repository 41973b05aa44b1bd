//! The rules of all engines that share a provider.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bessemer_image::Limits;
use bessemer_isa::GasSchedule;

use super::cache::KeySeed;
use crate::program::Rules;

/// Each set of rules once, with the part of a key that it decides.
#[derive(Debug, Default)]
pub(crate) struct AllRules(Mutex<Vec<(Arc<Rules>, Option<KeySeed>)>>);

impl AllRules {
    /// The rules with these limits and prices. `seed` is asked for new ones; it gives `None` if this
    /// machine runs no native code.
    pub(crate) fn get(
        &self,
        limits: Limits,
        schedule: GasSchedule,
        seed: impl FnOnce() -> Option<KeySeed>,
    ) -> Arc<Rules> {
        let mut all = self.all();
        let known =
            all.iter().find(|(known, _)| (known.limits, known.schedule) == (limits, schedule));
        if let Some((known, _)) = known {
            return Arc::clone(known);
        }
        let number = u32::try_from(all.len()).expect("nobody makes so many engines");
        let rules = Arc::new(Rules { limits, schedule, number });
        all.push((Arc::clone(&rules), seed()));
        rules
    }

    /// The part of a key that these rules decide.
    pub(crate) fn seed(&self, rules: &Rules) -> Option<KeySeed> {
        let all = self.all();
        let (_, seed) = all.get(rules.number as usize)?;
        seed.clone()
    }

    fn all(&self) -> MutexGuard<'_, Vec<(Arc<Rules>, Option<KeySeed>)>> {
        // the list is whole, even if a thread panicked meanwhile
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::ImageHash;

    #[test]
    fn a_file_is_another_program_under_other_rules() {
        let all = AllRules::default();
        let image = ImageHash::of(b"file");
        let identity = |limits, schedule| all.get(limits, schedule, || None).identity(image);
        let first = identity(Limits::bare(), GasSchedule::V1);
        assert_eq!(first, identity(Limits::bare(), GasSchedule::V1));
        assert_ne!(first, identity(Limits::contract(), GasSchedule::V1));
        assert_ne!(first, identity(Limits::bare(), GasSchedule::V2));
        assert_eq!(all.all().len(), 3);
    }
}
