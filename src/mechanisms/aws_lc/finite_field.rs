//! Diffie-Hellman (PKCS #3, SP 800-56A) and DSA (FIPS 186-4) in the integers modulo a prime.
//!
//! Numbers come and go as big-endian bytes; every call builds the library's object anew, which takes no time beside the
//! powers that it computes, so that no object is shared.

use std::ptr::{NonNull, null_mut};

use crate::lc as c;

use pkcs11::{Error, Result, Secret};

use super::big_number::{BigNumber, Borrowed, Callback};
use super::evp_key::{Context, EvpKey};
use super::forking::{self, drawing};
use super::{failed, succeeded};
use crate::der::without_leading_zeros;

/// How often a number is tried before it counts as prime, if an adversary may have chosen it.
const TRIALS: i32 = c::BN_prime_checks_for_validation;

/// Scratch space.
struct Scratch(NonNull<c::BN_CTX>);

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::BN_CTX_free(self.0.as_ptr()) };
    }
}

impl Scratch {
    fn new() -> Result<Self> {
        // SAFETY: makes a new object.
        let scratch = unsafe { c::BN_CTX_new() };
        NonNull::new(scratch).map(Self).ok_or_else(|| failed("out of memory"))
    }
}

/// Whether a number is prime.
///
/// # Errors
/// [`Error::Primitive`]
pub fn is_prime(number: &[u8]) -> Result<bool> {
    let (number, scratch) = (BigNumber::from_bytes(number)?, Scratch::new()?);
    let (mut found, between) = (0, Callback::new()?);
    // SAFETY: number, scratch space and callback live until the call is over.
    let rc = drawing(|| unsafe {
        c::BN_primality_test(&raw mut found, number.as_ptr(), TRIALS, scratch.0.as_ptr(), 1, between.as_ptr())
    });
    succeeded(rc, "test of a prime")?;
    Ok(found == 1)
}

/// A power modulo an odd number that is above the base, without leading zeros. Its time tells nothing of the exponent.
///
/// # Errors
/// [`Error::Primitive`]
pub fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Result<Vec<u8>> {
    let (base, exponent) = (BigNumber::from_bytes(base)?, BigNumber::from_bytes(exponent)?);
    let (modulus, scratch) = (BigNumber::from_bytes(modulus)?, Scratch::new()?);
    let result = BigNumber::from_bytes(&[])?;
    // SAFETY: all numbers and the scratch space live until the call is over, which writes to the result alone; null makes
    // it prepare the modulus itself.
    let rc = unsafe {
        c::BN_mod_exp_mont_consttime(
            result.as_mut_ptr(),
            base.as_ptr(),
            exponent.as_ptr(),
            modulus.as_ptr(),
            scratch.0.as_ptr(),
            std::ptr::null(),
        )
    };
    succeeded(rc, "a power")?;
    Ok(result.borrow()?.to_secret()?.expose().to_vec())
}

/// Whether one number leaves the rest 1 modulo another.
///
/// # Errors
/// [`Error::Primitive`]
pub fn leaves_one(number: &[u8], divisor: &[u8]) -> Result<bool> {
    let (number, divisor) = (BigNumber::from_bytes(number)?, BigNumber::from_bytes(divisor)?);
    let (rest, scratch) = (BigNumber::from_bytes(&[])?, Scratch::new()?);
    // SAFETY: all live until the call is over, which writes to the rest alone.
    let rc = unsafe { c::BN_nnmod(rest.as_mut_ptr(), number.as_ptr(), divisor.as_ptr(), scratch.0.as_ptr()) };
    succeeded(rc, "a rest")?;
    Ok(rest.borrow()?.to_secret()?.expose() == [1])
}

/// Whether a number without leading zeros is from 2 to the modulus less 2.
#[must_use]
pub fn is_inside(number: &[u8], modulus: &[u8]) -> bool {
    let less = |a: &[u8], b: &[u8]| (a.len(), a) < (b.len(), b);
    let mut below = modulus.to_vec();
    // The modulus is odd: its last byte is not 0.
    if let Some(last) = below.last_mut() {
        *last = last.saturating_sub(1);
    }
    less(&[1], number) && less(number, without_leading_zeros(&below))
}

/// One `DH` object.
struct Dh(NonNull<c::DH>);

impl Drop for Dh {
    fn drop(&mut self) {
        // SAFETY: the one reference that this value owns.
        unsafe { c::DH_free(self.0.as_ptr()) };
    }
}

impl Dh {
    fn empty() -> Result<Self> {
        // SAFETY: makes an empty object.
        NonNull::new(unsafe { c::DH_new() }).map(Self).ok_or_else(|| failed("out of memory"))
    }

    fn new(p: &[u8], g: &[u8], q: Option<&[u8]>) -> Result<Self> {
        let dh = Self::empty()?;
        let (p, g) = (BigNumber::from_bytes(p)?, BigNumber::from_bytes(g)?);
        let q = q.map(BigNumber::from_bytes).transpose()?.map_or(null_mut(), BigNumber::into_raw);
        // SAFETY: a fresh object, which takes all three numbers over; neither p nor g is null, so that it cannot fail.
        let rc = unsafe { c::DH_set0_pqg(dh.0.as_ptr(), p.into_raw(), q, g.into_raw()) };
        succeeded(rc, "Diffie-Hellman parameters")?;
        Ok(dh)
    }

    fn field(
        &self,
        accessor: unsafe extern "C" fn(*const c::DH) -> *const c::BIGNUM,
    ) -> Result<Borrowed<'_>> {
        // SAFETY: a living object; the accessors read one field.
        let number = unsafe { accessor(self.0.as_ptr()) };
        // SAFETY: null, or a field of this object, which nothing changes any more.
        unsafe { Borrowed::new(number) }
    }
}

/// A safe prime of so many bits with the base 2: minutes for thousands of bits.
///
/// # Errors
/// [`Error::Primitive`]
pub fn generate_safe_group(bits: u16) -> Result<(Vec<u8>, Vec<u8>)> {
    let dh = Dh::empty()?;
    let between = Callback::new()?;
    // SAFETY: a fresh object; the callback lives until the call is over.
    let rc =
        drawing(|| unsafe { c::DH_generate_parameters_ex(dh.0.as_ptr(), bits.into(), 2, between.as_ptr()) });
    succeeded(rc, "Diffie-Hellman parameters")?;
    let number = |field: Borrowed<'_>| field.to_secret().map(|number| number.expose().to_vec());
    Ok((number(dh.field(c::DH_get0_p)?)?, number(dh.field(c::DH_get0_g)?)?))
}

/// A key pair of a group: the private number, and the public one. The private one has at most `bits` bits, if that is said,
/// and one less than the prime otherwise.
///
/// # Errors
/// [`Error::Primitive`]
pub fn generate_dh(p: &[u8], g: &[u8], bits: Option<u16>) -> Result<(Secret, Vec<u8>)> {
    let dh = Dh::new(p, g, None)?;
    if let Some(bits) = bits {
        // SAFETY: an object that nobody shares.
        let rc = unsafe { c::DH_set_length(dh.0.as_ptr(), bits.into()) };
        succeeded(rc, "Diffie-Hellman parameters")?;
    }
    // SAFETY: as above, with its parameters set.
    let rc = drawing(|| unsafe { c::DH_generate_key(dh.0.as_ptr()) });
    succeeded(rc, "Diffie-Hellman key generation")?;
    let public = dh.field(c::DH_get0_pub_key)?.to_secret()?.expose().to_vec();
    Ok((dh.field(c::DH_get0_priv_key)?.to_secret()?, public))
}

/// The shared secret of a private number and another's public one, as long as the prime. With `q` the public number must be
/// of the subgroup of that order.
///
/// # Errors
/// [`Error::Primitive`], also for a public number outside 2 to p - 2, and where the secret is 1 or p - 1.
pub fn agree(p: &[u8], g: &[u8], q: Option<&[u8]>, private: &[u8], public: &[u8]) -> Result<Secret> {
    let dh = Dh::new(p, g, q)?;
    let (private, public) = (BigNumber::from_bytes(private)?, BigNumber::from_bytes(public)?);
    // SAFETY: an object that nobody shares takes the private number over, which is not null.
    let rc = unsafe { c::DH_set0_key(dh.0.as_ptr(), null_mut(), private.into_raw()) };
    succeeded(rc, "Diffie-Hellman key")?;
    let mut shared = Secret::zeroed(p.len());
    // SAFETY: the place is as long as the prime, which has no leading zeros; the public number lives until the call is over.
    let len =
        unsafe { c::DH_compute_key_padded(shared.as_mut().as_mut_ptr(), public.as_ptr(), dh.0.as_ptr()) };
    if usize::try_from(len) == Ok(shared.len()) { Ok(shared) } else { Err(failed("Diffie-Hellman")) }
}

/// The domain of DSA keys, without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The prime.
    pub p: Vec<u8>,
    /// The order of the base, a prime.
    pub q: Vec<u8>,
    /// The base.
    pub g: Vec<u8>,
}

/// One `DSA` object.
struct Dsa(NonNull<c::DSA>);

impl Drop for Dsa {
    fn drop(&mut self) {
        // SAFETY: the one reference that this value owns.
        unsafe { c::DSA_free(self.0.as_ptr()) };
    }
}

/// One `DSA_SIG` object.
struct DsaSignature(NonNull<c::DSA_SIG>);

impl Drop for DsaSignature {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::DSA_SIG_free(self.0.as_ptr()) };
    }
}

impl Dsa {
    fn empty() -> Result<Self> {
        // SAFETY: makes an empty object.
        NonNull::new(unsafe { c::DSA_new() }).map(Self).ok_or_else(|| failed("out of memory"))
    }

    fn new(domain: &Domain) -> Result<Self> {
        let dsa = Self::empty()?;
        let (p, q) = (BigNumber::from_bytes(&domain.p)?, BigNumber::from_bytes(&domain.q)?);
        let g = BigNumber::from_bytes(&domain.g)?;
        // SAFETY: a fresh object, which takes all three numbers over; none is null, so that it cannot fail.
        let rc = unsafe { c::DSA_set0_pqg(dsa.0.as_ptr(), p.into_raw(), q.into_raw(), g.into_raw()) };
        succeeded(rc, "DSA parameters")?;
        Ok(dsa)
    }

    fn set_key(&self, public: &[u8], private: Option<&[u8]>) -> Result<()> {
        let public = BigNumber::from_bytes(public)?;
        let private = private.map(BigNumber::from_bytes).transpose()?.map_or(null_mut(), BigNumber::into_raw);
        // SAFETY: an object that nobody shares takes both numbers over; the public one is not null, so that it cannot fail.
        let rc = unsafe { c::DSA_set0_key(self.0.as_ptr(), public.into_raw(), private) };
        succeeded(rc, "DSA key")
    }

    fn field(&self, accessor: unsafe extern "C" fn(*const c::DSA) -> *const c::BIGNUM) -> Result<Secret> {
        // SAFETY: a living object; the accessors read one field.
        let number = unsafe { accessor(self.0.as_ptr()) };
        // SAFETY: null, or a field of this object, which nothing changes before it is read.
        unsafe { Borrowed::new(number) }?.to_secret()
    }
}

/// Lets a fork pass that waits, between two candidates for a prime, and the generation go on.
unsafe extern "C" fn let_forks_pass(_context: *mut c::EVP_PKEY_CTX) -> i32 {
    forking::make_way();
    1
}

impl Domain {
    /// A new domain: a prime of `bits` bits, a multiple of 64, over an order of `order_bits`: 160, 224 or 256. Takes seconds.
    ///
    /// FIPS 186-4 appendices A.1.1.2 and A.2.1.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn generate(bits: u16, order_bits: u16) -> Result<Self> {
        let what = "DSA parameters";
        let context = Context::of_type(c::EVP_PKEY_DSA)?;
        // SAFETY: a fresh context.
        succeeded(unsafe { c::EVP_PKEY_paramgen_init(context.as_ptr()) }, what)?;
        // SAFETY: begun above.
        let rc = unsafe { c::EVP_PKEY_CTX_set_dsa_paramgen_bits(context.as_ptr(), bits.into()) };
        succeeded(rc, what)?;
        // SAFETY: as above.
        let rc = unsafe { c::EVP_PKEY_CTX_set_dsa_paramgen_q_bits(context.as_ptr(), order_bits.into()) };
        succeeded(rc, what)?;
        // SAFETY: as above; the function needs nothing of ours.
        unsafe { c::EVP_PKEY_CTX_set_cb(context.as_ptr(), Some(let_forks_pass)) };
        let mut made = null_mut();
        // SAFETY: as above; the call writes a new object to `made`, or leaves null.
        let rc = drawing(|| unsafe { c::EVP_PKEY_paramgen(context.as_ptr(), &raw mut made) });
        // SAFETY: null, or the one reference that the call made.
        let key = unsafe { EvpKey::owned(made, what) }?;
        succeeded(rc, what)?;
        // SAFETY: a living object; the call gives a further reference, or null.
        let dsa = NonNull::new(unsafe { c::EVP_PKEY_get1_DSA(key.as_ptr()) }).map(Dsa);
        let dsa = dsa.ok_or_else(|| failed(what))?;
        let part = |accessor| dsa.field(accessor).map(|number| number.expose().to_vec());
        Ok(Self { p: part(c::DSA_get0_p)?, q: part(c::DSA_get0_q)?, g: part(c::DSA_get0_g)? })
    }

    /// A key pair: the private number and the public one.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn generate_key(&self) -> Result<(Secret, Vec<u8>)> {
        let dsa = Dsa::new(self)?;
        // SAFETY: an object that nobody shares, with its parameters set.
        let rc = drawing(|| unsafe { c::DSA_generate_key(dsa.0.as_ptr()) });
        succeeded(rc, "DSA key generation")?;
        let public = dsa.field(c::DSA_get0_pub_key)?.expose().to_vec();
        Ok((dsa.field(c::DSA_get0_priv_key)?, public))
    }

    /// Signs a digest, of which the leftmost bits count up to the order's length: r and s, each as long as the order. `out` is
    /// exactly twice as long.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn sign(&self, private: &Secret, public: &[u8], digest: &[u8], out: &mut [u8]) -> Result<()> {
        let dsa = Dsa::new(self)?;
        dsa.set_key(public, Some(private.expose()))?;
        // SAFETY: `digest` is as long as said; the key is whole and only read.
        let signature = drawing(|| unsafe { c::DSA_do_sign(digest.as_ptr(), digest.len(), dsa.0.as_ptr()) });
        let signature = NonNull::new(signature).map(DsaSignature).ok_or_else(|| failed("DSA signature"))?;
        let (mut r, mut s) = (std::ptr::null(), std::ptr::null());
        // SAFETY: a living object gives the addresses of its two fields.
        unsafe { c::DSA_SIG_get0(signature.0.as_ptr(), &raw mut r, &raw mut s) };
        let (r_place, s_place) = out
            .split_at_mut_checked(self.q.len())
            .ok_or(Error::Primitive("DSA signature of another length"))?;
        // SAFETY: null, or a field of the signature, which lives longer and is not changed.
        unsafe { Borrowed::new(r) }?.write(r_place)?;
        // SAFETY: as above.
        unsafe { Borrowed::new(s) }?.write(s_place)
    }

    /// Whether `r` and `s` are a signature of a digest.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn verify(&self, public: &[u8], digest: &[u8], r: &[u8], s: &[u8]) -> Result<bool> {
        let dsa = Dsa::new(self)?;
        dsa.set_key(public, None)?;
        let (r, s) = (BigNumber::from_bytes(r)?, BigNumber::from_bytes(s)?);
        // SAFETY: makes an empty signature.
        let signature = NonNull::new(unsafe { c::DSA_SIG_new() }).map(DsaSignature);
        let signature = signature.ok_or_else(|| failed("out of memory"))?;
        // SAFETY: a fresh signature takes both numbers over, and neither is null, so that it cannot fail.
        let rc = unsafe { c::DSA_SIG_set0(signature.0.as_ptr(), r.into_raw(), s.into_raw()) };
        succeeded(rc, "DSA verification")?;
        let mut valid = 0;
        // SAFETY: `digest` is as long as said; signature and key are whole and only read.
        let rc = unsafe {
            c::DSA_do_check_signature(
                &raw mut valid,
                digest.as_ptr(),
                digest.len(),
                signature.0.as_ptr(),
                dsa.0.as_ptr(),
            )
        };
        succeeded(rc, "DSA verification")?;
        Ok(valid == 1)
    }
}
