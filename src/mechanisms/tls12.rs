//! The secrets, keys and MACs of TLS 1.2 and before (RFC 5246 sections 5, 6.3, 7.4.9 and 8.1, RFC 2246 section 5, RFC 5705,
//! RFC 7627; PKCS#11 v3.2 section 6.40).

use std::sync::Arc;

use engine::mechanism::{Bases, Can, DeriveSeveral, Key, MechanismRow, Saving, Several, Signing, Verifying};
use engine::policy::Inheritance;
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKA_ALLOWED_MECHANISMS, CKA_DECRYPT, CKA_DERIVE, CKA_ENCRYPT, CKA_KEY_TYPE, CKA_SIGN, CKA_VALUE_LEN,
    CKA_VERIFY, CKK_GENERIC_SECRET, CKM_MD5, CKM_SHA_1, CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384,
    CKM_SHA3_512, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_TLS_KDF, CKM_TLS_MAC, CKM_TLS_PRF,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, CKM_TLS12_KDF,
    CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_MAC, CKM_TLS12_MASTER_KEY_DERIVE,
    CKM_TLS12_MASTER_KEY_DERIVE_DH,
};
use pkcs11::{
    Attribute, Attributes, Error, Mechanism, MechanismType, Parameters, RawValue, Result, Secret, Template,
    Tls12KeyMaterialParameters, TlsMacParameters, TlsRandoms,
};

use crate::hmac::{self, HmacKey};
use crate::message::Message;
use crate::secret::{self, LONGEST};
use crate::{digest, downcast};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    // The standard has 48 bytes of the two for Diffie-Hellman too, beside base keys "of arbitrary length" (section 6.40.5).
    row(CKM_TLS12_MASTER_KEY_DERIVE, OF_MASTERS, &[masters(OF_MASTERS)]),
    row(CKM_TLS12_MASTER_KEY_DERIVE_DH, OF_MASTERS, &[masters(ANY)]),
    row(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, OF_MASTERS, &[masters(OF_MASTERS)]),
    row(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, OF_MASTERS, &[masters(ANY)]),
    row(CKM_TLS12_KEY_AND_MAC_DERIVE, OF_MASTERS, MATERIAL),
    row(CKM_TLS12_KEY_SAFE_DERIVE, OF_MASTERS, MATERIAL),
    row(CKM_TLS_KDF, ANY, EXPORTER),
    row(CKM_TLS12_KDF, ANY, EXPORTER),
    row(CKM_TLS_MAC, ANY, &[Can::Sign(sign), Can::Verify(verify)]),
    row(CKM_TLS12_MAC, ANY, &[Can::Sign(sign), Can::Verify(verify)]),
];

const OF_MASTERS: (u64, u64) = (MASTER, MASTER);
const ANY: (u64, u64) = (1, LONGEST as u64);

/// Length of a master secret, and of a pre-master secret that RSA carried, in bytes.
const MASTER: u64 = 48;
const MASTER_LEN: usize = 48;

const fn masters(bases: (u64, u64)) -> Can {
    Can::DeriveSeveral(DeriveSeveral {
        bases,
        inheritance: Inheritance::Free,
        templates: master_template,
        derive: master,
    })
}

const EXPORTER: &[Can] = &[Can::DeriveSeveral(DeriveSeveral {
    bases: ANY,
    inheritance: Inheritance::AtLeastAsBase,
    templates: |_, template| Ok(vec![Some(template)]),
    derive: exported,
})];

const MATERIAL: &[Can] = &[Can::DeriveSeveral(DeriveSeveral {
    bases: OF_MASTERS,
    inheritance: Inheritance::SameAsBase,
    templates: material_templates,
    derive: material,
})];

const fn row(mechanism: MechanismType, sizes: (u64, u64), can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_GENERIC_SECRET], sizes, flags: 0, can }
}

/// What a master secret is for (section 6.40.4).
const OF_A_MASTER: [MechanismType; 6] = [
    CKM_TLS12_KEY_AND_MAC_DERIVE,
    CKM_TLS12_KEY_SAFE_DERIVE,
    CKM_TLS_KDF,
    CKM_TLS_MAC,
    CKM_TLS12_KDF,
    CKM_TLS12_MAC,
];

/// The hashes of TLS 1.2's function: no cipher suite has one of another family (RFC 5246 section 7.4.1.4.1).
const TLS12_HASHES: [MechanismType; 9] = [
    CKM_SHA_1,
    CKM_SHA224,
    CKM_SHA256,
    CKM_SHA384,
    CKM_SHA512,
    CKM_SHA3_224,
    CKM_SHA3_256,
    CKM_SHA3_384,
    CKM_SHA3_512,
];

/// The pseudo-random function of a version of TLS.
#[derive(Clone, Copy)]
enum Prf {
    /// P_MD5 and P_SHA-1, one over each half of the secret (RFC 2246 section 5).
    Tls10,
    /// P_hash (RFC 5246 section 5): the digest mechanism.
    Tls12(MechanismType),
}

impl Prf {
    /// Of a mechanism in the parameters.
    fn of(mechanism: MechanismType) -> Result<Self> {
        match mechanism {
            CKM_TLS_PRF => Ok(Self::Tls10),
            hash => Self::of_hash(hash),
        }
    }

    fn of_hash(hash: MechanismType) -> Result<Self> {
        let known = TLS12_HASHES.contains(&hash);
        let unknown = Error::MechanismParamInvalid("the hash of the PRF is not offered");
        known.then_some(Self::Tls12(hash)).ok_or(unknown)
    }

    /// Fills `out` from a secret, a label and a seed.
    fn fill(self, secret: &Secret, label: &[u8], seed: &[&[u8]], out: &mut [u8]) -> Result<()> {
        let seed = [label, &seed.concat()].concat();
        let Self::Tls12(hash) = self else {
            // Halves share the byte in the middle where the length is odd.
            let half = secret.len().div_ceil(2);
            let (first, _) = secret.expose().split_at(half);
            let (_, second) = secret.expose().split_at(secret.len() - half);
            p_hash(CKM_MD5, first, &seed, out)?;
            let mut other = Secret::zeroed(out.len());
            p_hash(CKM_SHA_1, second, &seed, other.as_mut())?;
            out.iter_mut().zip(other.expose()).for_each(|(place, byte)| *place ^= byte);
            return Ok(());
        };
        p_hash(hash, secret.expose(), &seed, out)
    }
}

/// `P_hash` of RFC 5246 section 5: `A(0)` is the seed, `A(i) = HMAC(A(i-1))`, and the output `HMAC(A(i) + seed)`.
fn p_hash(hash: MechanismType, secret: &[u8], seed: &[u8], out: &mut [u8]) -> Result<()> {
    let row = digest::HASHES.iter().find(|row| row.digest == hash);
    let row = row.ok_or(Error::MechanismParamInvalid("the hash of the PRF is not offered"))?;
    let mechanism = Mechanism { mechanism_type: row.hmac, parameters: Parameters::None };
    let key: Arc<dyn Key> = Arc::new(HmacKey::new(secret));
    let mac = |parts: &[&[u8]]| {
        let mut running = hmac::sign(&mechanism, &key)?;
        parts.iter().try_for_each(|part| running.update(part))?;
        let mut mac = Secret::zeroed(running.signature_len());
        running.finish(mac.as_mut()).map(|()| mac)
    };
    let mut chained = mac(&[seed])?;
    for place in out.chunks_mut(row.function.digest_len()) {
        let block = mac(&[chained.expose(), seed])?;
        place.iter_mut().zip(block.expose()).for_each(|(place, byte)| *place = *byte);
        chained = mac(&[chained.expose()])?;
    }
    Ok(())
}

/// Bytes that a caller's random value may have: TLS has 32, and nobody else sends more.
const LONGEST_RANDOM: usize = 1 << 10;

fn checked(randoms: &TlsRandoms) -> Result<&TlsRandoms> {
    let good = |random: &[u8]| (1..=LONGEST_RANDOM).contains(&random.len());
    if good(&randoms.client) && good(&randoms.server) {
        Ok(randoms)
    } else {
        Err(Error::MechanismParamInvalid("a random value of another length"))
    }
}

/// What the mechanism says of a master secret beside the template: its kind, its length and its uses. A template may allow
/// fewer of them: to leave out [`CKM_TLS12_KEY_AND_MAC_DERIVE`] is what the standard advises (section 6.40.7).
fn master_template(_mechanism: &Mechanism, template: Template) -> Result<Vec<Option<Template>>> {
    let mut template = template;
    template.push(Attribute::ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET));
    template.push(Attribute::ulong(CKA_VALUE_LEN, MASTER));
    if !template.iter().any(allows_fewer) {
        let allowed: Vec<u8> = OF_A_MASTER.iter().flat_map(|mechanism| mechanism.to_ne_bytes()).collect();
        template.push(Attribute::bytes(CKA_ALLOWED_MECHANISMS, &allowed));
    }
    Ok(vec![Some(template)])
}

/// Whether an attribute restricts a master secret to some of its uses; beside any other list, the whole one is a conflict.
fn allows_fewer(attribute: &Attribute) -> bool {
    let RawValue::Bytes(sent) = &attribute.value else { return false };
    let (listed, rest) = sent.expose().as_chunks();
    let of_a_master = |listed: &[u8; 8]| OF_A_MASTER.contains(&MechanismType::from_ne_bytes(*listed));
    attribute.attribute_type == CKA_ALLOWED_MECHANISMS
        && rest.is_empty()
        && !listed.is_empty()
        && listed.iter().all(of_a_master)
}

fn master(mechanism: &Mechanism, bases: &Bases<'_>, keys: &[Option<Attributes>]) -> Result<Several> {
    let base = downcast::<HmacKey>(bases.key)?;
    let mut secret = Secret::zeroed(MASTER_LEN);
    let tells_version = match &mechanism.parameters {
        Parameters::Tls12Master(given) => {
            let randoms = checked(&given.randoms)?;
            let seed = [randoms.client.as_slice(), &randoms.server];
            Prf::of_hash(given.hash)?.fill(base.secret(), b"master secret", &seed, secret.as_mut())?;
            given.tells_version
        }
        Parameters::Tls12ExtendedMaster(given) if !given.session_hash.is_empty() => {
            let seed = [given.session_hash.as_slice()];
            Prf::of_hash(given.hash)?.fill(
                base.secret(),
                b"extended master secret",
                &seed,
                secret.as_mut(),
            )?;
            given.tells_version
        }
        _ => return Err(Error::MechanismParamInvalid("the parameters of a master secret are needed")),
    };
    let has_version = matches!(
        mechanism.mechanism_type,
        CKM_TLS12_MASTER_KEY_DERIVE | CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE
    );
    let told = match (tells_version, has_version, base.secret().expose()) {
        (false, ..) => Vec::new(),
        (true, true, [major, minor, ..]) => vec![*major, *minor],
        (true, ..) => {
            return Err(Error::MechanismParamInvalid(
                "pVersion must be null: there is no version in this secret",
            ));
        }
    };
    let key =
        keys.first().and_then(Option::as_ref).ok_or(Error::Bug("a master secret without a template"))?;
    Ok(Several { keys: vec![Some(secret::made(key, secret.expose())?)], told })
}

fn material_parameters(mechanism: &Mechanism) -> Result<&Tls12KeyMaterialParameters> {
    let Parameters::Tls12KeyMaterial(given) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_TLS12_KEY_MAT_PARAMS is needed"));
    };
    if given.is_export {
        return Err(Error::MechanismParamInvalid("TLS 1.2 has no export ciphers"));
    }
    Ok(given)
}

/// A length in bytes, up to the longest that any cipher suite has.
fn bytes_of(bits: u64) -> Result<usize> {
    let len = usize::try_from(bits / 8).ok().filter(|len| *len <= 64 && bits.is_multiple_of(8));
    len.ok_or(Error::MechanismParamInvalid("a length of key material that no cipher suite has"))
}

/// The client's and the server's MAC keys, then their ciphers' keys (section 6.40.6). The template is that of the ciphers'
/// keys: its type, length and uses are not those of the MAC keys.
fn material_templates(mechanism: &Mechanism, template: Template) -> Result<Vec<Option<Template>>> {
    let given = material_parameters(mechanism)?;
    let mac = match given.mac_bits {
        0 => None,
        bits => {
            let own = [CKA_KEY_TYPE, CKA_VALUE_LEN, CKA_SIGN, CKA_VERIFY];
            let mut mac = template.clone();
            mac.retain(|attribute| !own.contains(&attribute.attribute_type));
            mac.push(Attribute::ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET));
            mac.push(Attribute::ulong(CKA_VALUE_LEN, bytes_of(bits)? as u64));
            mac.extend([CKA_SIGN, CKA_VERIFY].map(|use_of| Attribute::boolean(use_of, true)));
            Some(mac)
        }
    };
    let key = match given.key_bits {
        0 => None,
        bits => {
            let mut key = template;
            for use_of in [CKA_ENCRYPT, CKA_DECRYPT, CKA_DERIVE] {
                if !key.iter().any(|attribute| attribute.attribute_type == use_of) {
                    key.push(Attribute::boolean(use_of, true));
                }
            }
            // Beside another length it is a conflict.
            key.push(Attribute::ulong(CKA_VALUE_LEN, bytes_of(bits)? as u64));
            Some(key)
        }
    };
    Ok(vec![mac.clone(), mac, key.clone(), key])
}

fn material(mechanism: &Mechanism, bases: &Bases<'_>, keys: &[Option<Attributes>]) -> Result<Several> {
    let given = material_parameters(mechanism)?;
    let randoms = checked(&given.randoms)?;
    let base = downcast::<HmacKey>(bases.key)?;
    let (mac_len, key_len) = (bytes_of(given.mac_bits)?, bytes_of(given.key_bits)?);
    let iv_len = match mechanism.mechanism_type {
        CKM_TLS12_KEY_AND_MAC_DERIVE => bytes_of(given.iv_bits)?,
        // It never tells anything of the material.
        _ => 0,
    };
    let mut block = Secret::zeroed(2 * (mac_len + key_len + iv_len));
    let seed = [randoms.server.as_slice(), &randoms.client];
    Prf::of_hash(given.hash)?.fill(base.secret(), b"key expansion", &seed, block.as_mut())?;
    let mut rest = block.expose();
    let mut made = Vec::with_capacity(keys.len());
    for (key, len) in keys.iter().zip([mac_len, mac_len, key_len, key_len]) {
        let (value, after) = rest.split_at_checked(len).ok_or(Error::Bug("a key block that is too short"))?;
        rest = after;
        made.push(key.as_ref().map(|key| secret::made(key, value)).transpose()?);
    }
    Ok(Several { keys: made, told: rest.to_vec() })
}

/// The labels that the handshake uses itself: what an exporter made under one would be its keys (RFC 5705 section 4, RFC 7627
/// section 4).
const OF_THE_HANDSHAKE: [&[u8]; 5] =
    [b"client finished", b"server finished", b"master secret", b"key expansion", b"extended master secret"];

/// `CKM_TLS_KDF`: the exporter of RFC 5705 section 4. A context that is there has its length before it; one of no bytes
/// counts as none, which the standard's structure says by the same length.
fn exported(mechanism: &Mechanism, bases: &Bases<'_>, keys: &[Option<Attributes>]) -> Result<Several> {
    let Parameters::TlsKdf(given) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_TLS_KDF_PARAMS is needed"));
    };
    let randoms = checked(&given.randoms)?;
    if OF_THE_HANDSHAKE.contains(&given.label.as_slice()) {
        return Err(Error::MechanismParamInvalid("this label is the handshake's own"));
    }
    let prf = Prf::of(given.prf)?;
    let base = downcast::<HmacKey>(bases.key)?;
    let key =
        keys.first().and_then(Option::as_ref).ok_or(Error::Bug("an exported key without a template"))?;
    let mut value = Secret::zeroed(secret::wanted_len(key)?);
    let mut seed = vec![randoms.client.as_slice(), &randoms.server];
    let len = u16::try_from(given.context.len())
        .map_err(|_| Error::MechanismParamInvalid("a context of over 65535 bytes"))?
        .to_be_bytes();
    if !given.context.is_empty() {
        seed.extend([len.as_slice(), &given.context]);
    }
    prf.fill(base.secret(), &given.label, &seed, value.as_mut())?;
    Ok(Several { keys: vec![Some(secret::made(key, value.expose())?)], told: Vec::new() })
}

/// The MAC of a "finished" message (section 6.40.3): the message is what the caller hashed of the handshake.
struct TlsMac {
    key: Arc<HmacKey>,
    prf: Prf,
    label: &'static [u8],
    len: usize,
    message: Message,
}

/// Lengths of such a MAC in bytes. Its message is a digest, or two.
const MAC_LENS: std::ops::RangeInclusive<usize> = 12..=64;
const LONGEST_MESSAGE: usize = 1 << 16;

fn start(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<TlsMac>> {
    let Parameters::TlsMac(TlsMacParameters { hash, mac_len, server_or_client }) = &mechanism.parameters
    else {
        return Err(Error::MechanismParamInvalid("CK_TLS_MAC_PARAMS is needed"));
    };
    let prf = Prf::of(*hash)?;
    let label: &[u8] = match server_or_client {
        1 => b"server finished",
        2 => b"client finished",
        _ => return Err(Error::MechanismParamInvalid("ulServerOrClient is 1 or 2")),
    };
    let len = usize::try_from(*mac_len).ok().filter(|len| match prf {
        Prf::Tls10 => *len == *MAC_LENS.start(),
        Prf::Tls12(_) => MAC_LENS.contains(len),
    });
    let len = len.ok_or(Error::MechanismParamInvalid("ulMacLength is no length of this MAC"))?;
    Ok(Box::new(TlsMac { key: downcast(key)?, prf, label, len, message: Message::whole(LONGEST_MESSAGE) }))
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    Ok(start(mechanism, key)?)
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    Ok(start(mechanism, key)?)
}

impl TlsMac {
    fn mac(self, out: &mut [u8]) -> Result<()> {
        let message = self.message.finish()?;
        self.prf.fill(self.key.secret(), self.label, &[message.as_ref()], out)
    }
}

impl Saving for TlsMac {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Signing for TlsMac {
    fn signature_len(&self) -> usize {
        self.len
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        if out.len() != self.len {
            return Err(Error::Bug("a MAC's place has another length"));
        }
        self.mac(out)
    }
}

impl Verifying for TlsMac {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        if signature.len() != self.len {
            return Err(Error::SignatureLenRange);
        }
        let mut mac = Secret::zeroed(self.len);
        self.mac(mac.as_mut())?;
        let right: bool = mac.expose().ct_eq(signature).into();
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
