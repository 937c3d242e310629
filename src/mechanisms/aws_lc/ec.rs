//! Elliptic curves over prime fields: import, generation, ECDSA, ECDH.

use std::ptr::{NonNull, null, null_mut};

use crate::lc as c;

use pkcs11::{Error, Result, Secret};

use super::big_number::{BigNumber, Borrowed};
use super::forking::drawing;
use super::{failed, succeeded};
use crate::der::SEQUENCE;

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-224, secp224r1.
    P224,
    /// NIST P-256, secp256r1, prime256v1.
    P256,
    /// NIST P-384, secp384r1.
    P384,
    /// NIST P-521, secp521r1.
    P521,
}

impl Curve {
    /// Length in bytes of a coordinate and of the order, which are equal on these curves.
    #[must_use]
    pub fn coordinate_len(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn group(self) -> *const c::EC_GROUP {
        match self {
            // SAFETY: gives the address of a static.
            Self::P224 => unsafe { c::EC_group_p224() },
            // SAFETY: as above.
            Self::P256 => unsafe { c::EC_group_p256() },
            // SAFETY: as above.
            Self::P384 => unsafe { c::EC_group_p384() },
            // SAFETY: as above.
            Self::P521 => unsafe { c::EC_group_p521() },
        }
    }
}

/// The object identifier, its contents alone, of the curve whose parameters are written out in full (`ECParameters`, RFC
/// 3279 section 2.3.5): field, coefficients, base point, order and cofactor must all be those of one curve of the
/// library's. `None` for anything else, and for a curve that is named.
#[must_use]
pub fn identifier_of(parameters: &[u8]) -> Option<Vec<u8>> {
    if parameters.first() != Some(&SEQUENCE) {
        return None;
    }
    let mut input = c::CBS { data: parameters.as_ptr(), len: parameters.len() };
    // SAFETY: `input` lies over readable bytes for as long as the call takes, which moves it on; the group that comes back
    // is a static, or null.
    let group = unsafe { c::EC_KEY_parse_parameters(&raw mut input) };
    if group.is_null() || input.len != 0 {
        failed("EC parameters");
        return None;
    }
    // SAFETY: a static group, read only.
    let number = unsafe { c::EC_GROUP_get_curve_name(group) };
    // SAFETY: gives a static of the library's table, or null.
    let object = unsafe { c::OBJ_nid2obj(number) };
    if object.is_null() {
        failed("EC parameters");
        return None;
    }
    // SAFETY: a static object, read only.
    let len = unsafe { c::OBJ_length(object) };
    // SAFETY: as above.
    let data = unsafe { c::OBJ_get0_data(object) };
    // SAFETY: the object's own bytes, as many as it says; an empty one has a length of 0.
    (!data.is_null()).then(|| unsafe { std::slice::from_raw_parts(data, len) }.to_vec())
}

/// One `EC_KEY` object, used for reading alone once it is made: signing and verifying take no lock in it.
#[derive(Debug)]
struct Handle(NonNull<c::EC_KEY>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for Handle {}
// SAFETY: nothing changes the object after the constructors below have given it out.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the one reference that this value owns.
        unsafe { c::EC_KEY_free(self.0.as_ptr()) };
    }
}

impl Handle {
    fn new(curve: Curve) -> Result<Self> {
        // SAFETY: makes an empty object.
        let key = unsafe { c::EC_KEY_new() };
        let handle = NonNull::new(key).map(Self).ok_or_else(|| failed("out of memory"))?;
        // SAFETY: a fresh object that nobody shares, and a static group.
        let rc = unsafe { c::EC_KEY_set_group(handle.as_ptr(), curve.group()) };
        succeeded(rc, "EC group")?;
        Ok(handle)
    }

    fn as_ptr(&self) -> *mut c::EC_KEY {
        self.0.as_ptr()
    }

    fn private(&self) -> Result<Borrowed<'_>> {
        // SAFETY: a living object; reads one field.
        let scalar = unsafe { c::EC_KEY_get0_private_key(self.as_ptr()) };
        // SAFETY: null, or a field of this object, which nothing changes any more.
        unsafe { Borrowed::new(scalar) }
    }
}

/// A point on a curve.
#[derive(Debug)]
struct Point(NonNull<c::EC_POINT>);

impl Drop for Point {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::EC_POINT_free(self.0.as_ptr()) };
    }
}

impl Point {
    fn new(curve: Curve) -> Result<Self> {
        // SAFETY: makes a new point of a static group.
        let point = unsafe { c::EC_POINT_new(curve.group()) };
        NonNull::new(point).map(Self).ok_or_else(|| failed("out of memory"))
    }
}

/// A point in the uncompressed form of SEC 1 section 2.3.3.
fn uncompressed(curve: Curve, point: *const c::EC_POINT) -> Result<Vec<u8>> {
    let mut bytes = vec![0; 1 + 2 * curve.coordinate_len()];
    // SAFETY: both callers give a living point of this curve's group; `bytes` is as long as said; null means that the
    // call makes its own scratch space.
    let len = unsafe {
        c::EC_POINT_point2oct(
            curve.group(),
            point,
            c::point_conversion_form_t::POINT_CONVERSION_UNCOMPRESSED,
            bytes.as_mut_ptr(),
            bytes.len(),
            null_mut(),
        )
    };
    if len == bytes.len() { Ok(bytes) } else { Err(failed("EC point")) }
}

/// A fresh key pair.
#[derive(Debug)]
pub struct KeyPair {
    /// The private scalar, big endian, [`Curve::coordinate_len`] bytes.
    pub scalar: Secret,
    /// The public point, uncompressed.
    pub point: Vec<u8>,
}

/// Makes a key pair.
///
/// # Errors
/// [`Error::Primitive`]
pub fn generate(curve: Curve) -> Result<KeyPair> {
    let handle = Handle::new(curve)?;
    // SAFETY: a fresh object that nobody shares, with its group set.
    let rc = drawing(|| unsafe { c::EC_KEY_generate_key(handle.as_ptr()) });
    succeeded(rc, "EC key generation")?;
    let scalar = handle.private()?.to_secret_of(curve.coordinate_len())?;
    // SAFETY: a living object; the point is one of its fields and lives as long.
    let point = unsafe { c::EC_KEY_get0_public_key(handle.as_ptr()) };
    Ok(KeyPair { scalar, point: uncompressed(curve, point)? })
}

/// A private key.
#[derive(Debug)]
pub struct PrivateKey {
    handle: Handle,
    curve: Curve,
}

impl PrivateKey {
    /// The key of a scalar, big endian.
    ///
    /// # Errors
    /// [`Error::Primitive`] for a scalar that is 0, or the order or more.
    pub fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self> {
        let handle = Handle::new(curve)?;
        let scalar = BigNumber::from_bytes(scalar)?;
        // SAFETY: a fresh object that nobody shares; the scalar lives until the call is over, which copies it.
        let rc = unsafe { c::EC_KEY_set_private_key(handle.as_ptr(), scalar.as_ptr()) };
        succeeded(rc, "EC private key")?;
        Ok(Self { handle, curve })
    }

    /// On which curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The public point, uncompressed.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn public_point(&self) -> Result<Vec<u8>> {
        let point = Point::new(self.curve)?;
        // SAFETY: reads one field of a living object.
        let scalar = unsafe { c::EC_KEY_get0_private_key(self.handle.as_ptr()) };
        // SAFETY: a fresh point of the same group; null leaves out the second product and the scratch space.
        let rc = unsafe {
            c::EC_POINT_mul(self.curve.group(), point.0.as_ptr(), scalar, null(), null(), null_mut())
        };
        succeeded(rc, "EC public point")?;
        uncompressed(self.curve, point.0.as_ptr())
    }

    /// The shared secret with a public key of the same curve: the first coordinate of the product,
    /// [`Curve::coordinate_len`] bytes (SP 800-56A section 5.7.1.2).
    ///
    /// # Errors
    /// [`Error::Primitive`], also for a key of another curve.
    pub fn agree(&self, peer: &PublicKey) -> Result<Secret> {
        if peer.curve != self.curve {
            return Err(Error::Primitive("ECDH over two curves"));
        }
        let mut shared = Secret::zeroed(self.curve.coordinate_len());
        let place = shared.as_mut();
        // SAFETY: a living object; the point is one of its fields, was checked to lie on the curve, and lives as long.
        let point = unsafe { c::EC_KEY_get0_public_key(peer.handle.as_ptr()) };
        // SAFETY: `place` is as long as said; both keys are of one group and only read; no function means the coordinate
        // as it is.
        let len = unsafe {
            c::ECDH_compute_key(place.as_mut_ptr().cast(), place.len(), point, self.handle.as_ptr(), None)
        };
        if usize::try_from(len) == Ok(place.len()) { Ok(shared) } else { Err(failed("ECDH")) }
    }

    /// Signs a digest, of which the leftmost bits count up to the order's length: r and s, each [`Curve::coordinate_len`] bytes.
    /// `out` is exactly twice as long.
    ///
    /// FIPS 186-5 section 6.4.1.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn sign(&self, digest: &[u8], out: &mut [u8]) -> Result<()> {
        if out.len() != 2 * self.curve.coordinate_len() {
            return Err(Error::Primitive("ECDSA signature of another length"));
        }
        // SAFETY: `digest` is as long as said; the key is whole and only read.
        let signature =
            drawing(|| unsafe { c::ECDSA_do_sign(digest.as_ptr(), digest.len(), self.handle.as_ptr()) });
        let signature = Signature::from_ptr(signature)?;
        let (r, s) = out.split_at_mut(self.curve.coordinate_len());
        signature.component(c::ECDSA_SIG_get0_r)?.write(r)?;
        signature.component(c::ECDSA_SIG_get0_s)?.write(s)
    }
}

/// A public key.
#[derive(Debug)]
pub struct PublicKey {
    handle: Handle,
    curve: Curve,
}

impl PublicKey {
    /// The key of a point, uncompressed or compressed (SEC 1 section 2.3.4).
    ///
    /// # Errors
    /// [`Error::Primitive`] for bytes that are no point of the curve, or the point at infinity.
    pub fn from_point(curve: Curve, bytes: &[u8]) -> Result<Self> {
        // The library would also read the hybrid form, with or without its parity: who wants it reads it before.
        if !matches!(bytes.first(), Some(2..=4)) {
            return Err(Error::Primitive("EC point in another form"));
        }
        let point = Point::new(curve)?;
        // SAFETY: a fresh point of the same group; `bytes` is as long as said; null means own scratch space.
        let rc = unsafe {
            c::EC_POINT_oct2point(curve.group(), point.0.as_ptr(), bytes.as_ptr(), bytes.len(), null_mut())
        };
        succeeded(rc, "EC point")?;
        let handle = Handle::new(curve)?;
        // SAFETY: a fresh object that nobody shares; the point lives until the call is over, which copies it.
        let rc = unsafe { c::EC_KEY_set_public_key(handle.as_ptr(), point.0.as_ptr()) };
        succeeded(rc, "EC public key")?;
        // SAFETY: a living object, read only.
        let rc = unsafe { c::EC_KEY_check_key(handle.as_ptr()) };
        succeeded(rc, "EC public key")?;
        Ok(Self { handle, curve })
    }

    /// On which curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The point, uncompressed.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn point(&self) -> Result<Vec<u8>> {
        // SAFETY: a living object; the point is one of its fields and lives as long.
        let point = unsafe { c::EC_KEY_get0_public_key(self.handle.as_ptr()) };
        uncompressed(self.curve, point)
    }

    /// Whether `r` and `s`, big endian, are a signature of `digest` (FIPS 186-5 section 6.4.2).
    ///
    /// # Errors
    /// [`Error::Primitive`] when memory is exhausted.
    pub fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> Result<bool> {
        let (r, s) = (BigNumber::from_bytes(r)?, BigNumber::from_bytes(s)?);
        // SAFETY: makes an empty signature.
        let signature = Signature::from_ptr(unsafe { c::ECDSA_SIG_new() })?;
        // SAFETY: a fresh signature; it takes both numbers over, and neither is null, so that the call cannot fail.
        let rc = unsafe { c::ECDSA_SIG_set0(signature.0.as_ptr(), r.into_raw(), s.into_raw()) };
        succeeded(rc, "ECDSA verification")?;
        // SAFETY: `digest` is as long as said; signature and key are whole and only read.
        let rc = unsafe {
            c::ECDSA_do_verify(digest.as_ptr(), digest.len(), signature.0.as_ptr(), self.handle.as_ptr())
        };
        Ok(succeeded(rc, "ECDSA verification").is_ok())
    }
}

/// One `ECDSA_SIG` object.
struct Signature(NonNull<c::ECDSA_SIG>);

impl Drop for Signature {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::ECDSA_SIG_free(self.0.as_ptr()) };
    }
}

impl Signature {
    fn from_ptr(signature: *mut c::ECDSA_SIG) -> Result<Self> {
        NonNull::new(signature).map(Self).ok_or_else(|| failed("ECDSA signature"))
    }

    fn component(
        &self,
        accessor: unsafe extern "C" fn(*const c::ECDSA_SIG) -> *const c::BIGNUM,
    ) -> Result<Borrowed<'_>> {
        // SAFETY: a living object; the accessors read one field.
        let number = unsafe { accessor(self.0.as_ptr()) };
        // SAFETY: null, or a field of this object, which nothing changes.
        unsafe { Borrowed::new(number) }
    }
}
