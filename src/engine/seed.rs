//! What applications seed the random generator with (`C_SeedRandom`).
//!
//! The generator needs no seed of theirs. What they give is mixed into the random bytes that they get, so that it can
//! add to their quality and never take from it: each block of output is XORed with an HMAC under the seed over fresh
//! random bytes and a count.

use arc_swap::ArcSwapOption;
use pkcs11::{Result, Secret};

use crate::primitives::Primitives;

/// The seeds so far, as one key; none until the first.
#[derive(Default)]
pub struct Seed(ArcSwapOption<Secret>);

const BLOCK: usize = 32;

impl Seed {
    /// Adds a seed to those before it.
    pub fn stir(&self, primitives: &dyn Primitives, seed: &[u8]) {
        self.0.rcu(|before| {
            let before = before.as_ref().map_or(&[][..], |key| key.expose());
            Some(std::sync::Arc::new(Secret::from(primitives.hmac_sha256(before, &[seed]))))
        });
    }

    /// Mixes the seeds into random bytes; changes nothing while there is none.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    pub fn season(&self, primitives: &dyn Primitives, out: &mut [u8]) -> Result<()> {
        let Some(key) = self.0.load_full() else { return Ok(()) };
        let mut fresh = [0; 16];
        primitives.random(&mut fresh)?;
        for (count, block) in out.chunks_mut(BLOCK).enumerate() {
            let mac = primitives.hmac_sha256(key.expose(), &[&fresh, &count.to_be_bytes()]);
            block.iter_mut().zip(mac).for_each(|(to, from)| *to ^= from);
        }
        Ok(())
    }
}
