//! HOTP, one-time passwords of a counter (RFC 4226; PKCS#11 v3.2 section 6.53.9). The counter is the engine's to take.

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, Key as EngineKey, KeyTypeRow, MechanismRow, Saving, Signing, Verifying};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CK_OTP_CHALLENGE, CK_OTP_COUNTER, CK_OTP_FLAGS, CK_OTP_FORMAT_DECIMAL, CK_OTP_OUTPUT_FORMAT,
    CK_OTP_OUTPUT_LENGTH, CK_OTP_PARAM_IGNORED, CK_OTP_PARAM_MANDATORY, CK_OTP_PARAM_OPTIONAL, CK_OTP_PIN,
    CK_OTP_TIME, CK_OTP_VALUE, CKA_OTP_CHALLENGE_REQUIREMENT, CKA_OTP_COUNTER, CKA_OTP_COUNTER_REQUIREMENT,
    CKA_OTP_FORMAT, CKA_OTP_LENGTH, CKA_OTP_PIN_REQUIREMENT, CKA_OTP_TIME_REQUIREMENT,
    CKA_OTP_USER_FRIENDLY_MODE, CKA_VALUE, CKF_EXCLUDE_CHALLENGE, CKF_EXCLUDE_PIN, CKF_EXCLUDE_TIME,
    CKF_USER_FRIENDLY_OTP, CKK_HOTP, CKM_HOTP, CKM_HOTP_KEY_GEN, CKM_SHA_1_HMAC,
};
use pkcs11::{
    AttributeType, Attributes, Error, Mechanism, MechanismType, OtpParameter, Parameters, Result, Secret,
};

use crate::hmac::{self, HmacKey};
use crate::secret::{self, LONGEST};
use crate::{downcast, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    // RFC 4226 section 4, requirement 6: at least 128 bits.
    row(CKM_HOTP_KEY_GEN, 16, &[Can::GenerateOtpKey(generate)]),
    // Services hand out shorter secrets than that.
    row(CKM_HOTP, 1, &[Can::SignOnce(sign), Can::VerifyOnce(verify)]),
];

const fn row(mechanism: MechanismType, least: u64, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_HOTP], sizes: (least, LONGEST as u64), flags: 0, can }
}

/// HOTP keys, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow = KeyTypeRow {
    key_type: CKK_HOTP,
    complete,
    parse,
    to_bytes: secret::to_bytes,
    from_bytes: secret::from_bytes,
};

/// Digits of a password (RFC 4226 section 5.3).
const DIGITS: std::ops::RangeInclusive<u64> = 6..=8;
/// Bytes of a counter.
const COUNTER: usize = 8;

/// TABLE: the attributes that say how a password is made, with the values that can be had.
const POSSIBLE: [(AttributeType, &[u64]); 6] = [
    (CKA_OTP_FORMAT, &[CK_OTP_FORMAT_DECIMAL]),
    (CKA_OTP_LENGTH, &[6, 7, 8]),
    (CKA_OTP_CHALLENGE_REQUIREMENT, &[CK_OTP_PARAM_IGNORED]),
    (CKA_OTP_TIME_REQUIREMENT, &[CK_OTP_PARAM_IGNORED]),
    (CKA_OTP_PIN_REQUIREMENT, &[CK_OTP_PARAM_IGNORED]),
    (CKA_OTP_COUNTER_REQUIREMENT, &[CK_OTP_PARAM_IGNORED, CK_OTP_PARAM_OPTIONAL, CK_OTP_PARAM_MANDATORY]),
];

/// Whether passwords can be made as the attributes say.
fn check(attributes: &Attributes) -> Result<()> {
    for (attribute, possible) in POSSIBLE {
        if attributes.ulong(attribute).is_some_and(|value| !possible.contains(&value)) {
            return Err(Error::AttributeValueInvalid(attribute));
        }
    }
    match attributes.bytes(CKA_OTP_COUNTER) {
        Some(counter) if counter.len() != COUNTER => Err(Error::AttributeValueInvalid(CKA_OTP_COUNTER)),
        _ => Ok(()),
    }
}

fn complete(attributes: &Attributes) -> Result<Attributes> {
    check(attributes)?;
    secret::complete(attributes)
}

fn generate(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    check(template)?;
    let len = secret::wanted_len(template)?;
    // What is wanted is told by an attribute, so that a length out of bounds is that attribute's.
    let bounds = MECHANISMS.first().map_or((1, 1), |row| row.sizes);
    if !(bounds.0..=bounds.1).contains(&(len as u64)) {
        return Err(Error::AttributeValueInvalid(pkcs11::constants::CKA_VALUE_LEN));
    }
    secret::random(template)
}

/// A key, and how its passwords are made.
struct Key {
    /// An [`HmacKey`].
    secret: Arc<dyn EngineKey>,
    digits: u64,
    /// Whether passwords may be asked for in a form for people.
    friendly: bool,
    /// A `CK_OTP_PARAM_` value.
    counter_requirement: u64,
}

impl EngineKey for Key {
    fn size(&self) -> u64 {
        self.secret.size()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn EngineKey>> {
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    let ulong = |attribute| attributes.ulong(attribute).ok_or(Error::TemplateIncomplete(attribute));
    Ok(Arc::new(Key {
        secret: Arc::new(HmacKey::new(value)),
        digits: ulong(CKA_OTP_LENGTH)?,
        friendly: attributes.is(CKA_OTP_USER_FRIENDLY_MODE),
        counter_requirement: ulong(CKA_OTP_COUNTER_REQUIREMENT)?,
    }))
}

/// What the parameters ask for.
#[derive(Default)]
struct Asked {
    counter: Option<[u8; COUNTER]>,
    digits: Option<u64>,
}

const fn refused(why: &'static str) -> Error {
    Error::MechanismParamInvalid(why)
}

fn number(parameter: &OtpParameter) -> Result<u64> {
    let bytes = parameter.value.expose().try_into();
    bytes.map(u64::from_ne_bytes).map_err(|_| refused("a number of a one-time password has another length"))
}

/// Reads the parameters by the requirements of the key (section 6.53.7). What HOTP has no use for, and the key ignores, is
/// passed over.
fn asked(mechanism: &Mechanism, key: &Key) -> Result<Asked> {
    let parameters: &[OtpParameter] = match &mechanism.parameters {
        Parameters::None => &[],
        Parameters::Otp(parameters) => parameters,
        _ => return Err(refused("CK_OTP_PARAMS is needed")),
    };
    let mut asked = Asked::default();
    for (index, parameter) in parameters.iter().enumerate() {
        if parameters.iter().take(index).any(|earlier| earlier.kind == parameter.kind) {
            return Err(refused("a parameter of a one-time password comes twice"));
        }
        match parameter.kind {
            CK_OTP_PIN | CK_OTP_CHALLENGE | CK_OTP_TIME => {}
            CK_OTP_COUNTER => {
                let counter = <[u8; COUNTER]>::try_from(parameter.value.expose());
                asked.counter = Some(counter.map_err(|_| refused("CK_OTP_COUNTER has 8 bytes"))?);
            }
            CK_OTP_FLAGS => flags(number(parameter)?, key)?,
            CK_OTP_OUTPUT_LENGTH => {
                let digits = number(parameter)?;
                asked.digits = Some(digits).filter(|digits| DIGITS.contains(digits));
                asked.digits.ok_or(refused("CK_OTP_OUTPUT_LENGTH is 6, 7 or 8"))?;
            }
            CK_OTP_OUTPUT_FORMAT if number(parameter)? == CK_OTP_FORMAT_DECIMAL => {}
            CK_OTP_OUTPUT_FORMAT => return Err(refused("passwords are decimal")),
            _ => return Err(refused("no such parameter of a one-time password")),
        }
    }
    Ok(asked)
}

/// The password of a counter is neither of the next one nor of none, so that these flags are refused.
fn flags(flags: u64, key: &Key) -> Result<()> {
    // These have an effect where a challenge, a PIN or a time goes in.
    let without_effect = CKF_EXCLUDE_CHALLENGE | CKF_EXCLUDE_PIN | CKF_EXCLUDE_TIME;
    if flags & !(without_effect | CKF_USER_FRIENDLY_OTP) != 0 {
        return Err(refused("CK_OTP_FLAGS asks for what HOTP does not do"));
    }
    if flags & CKF_USER_FRIENDLY_OTP != 0 && !key.friendly {
        return Err(refused("CKA_OTP_USER_FRIENDLY_MODE is FALSE"));
    }
    Ok(())
}

/// The password of a counter (RFC 4226 section 5.3): decimal digits.
fn password(key: &Key, counter: [u8; COUNTER], digits: u64) -> Result<Secret> {
    let mechanism = Mechanism { mechanism_type: CKM_SHA_1_HMAC, parameters: Parameters::None };
    let mut mac = hmac::sign(&mechanism, &key.secret)?;
    mac.update(&counter)?;
    let mut digest = Secret::zeroed(mac.signature_len());
    mac.finish(digest.as_mut())?;
    let defect = Error::Bug("an HMAC of another length");
    let offset = digest.expose().last().map(|last| usize::from(last & 0x0F)).ok_or(defect.clone())?;
    let four = digest.expose().get(offset..).and_then(<[u8]>::first_chunk).ok_or(defect)?;
    let code = u32::from_be_bytes(*four) & 0x7FFF_FFFF;
    let len = usize::try_from(digits).map_err(|_| Error::Bug("a password of so many digits"))?;
    let mut rest = code;
    let mut password = Secret::zeroed(len);
    for place in password.as_mut().iter_mut().rev() {
        // A remainder of ten is one digit.
        *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    Ok(password)
}

/// A password to be made.
struct Making {
    key: Arc<Key>,
    digits: u64,
    /// None as long as the key's own is not taken.
    counter: Option<[u8; COUNTER]>,
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Signing>> {
    let key: Arc<Key> = downcast(key)?;
    let asked = asked(mechanism, &key)?;
    let counter = match (key.counter_requirement, asked.counter) {
        (CK_OTP_PARAM_MANDATORY, None) => return Err(refused("the key wants CK_OTP_COUNTER")),
        (CK_OTP_PARAM_IGNORED, _) => None,
        (_, counter) => counter,
    };
    Ok(Box::new(Making { digits: asked.digits.unwrap_or(key.digits), key, counter }))
}

/// Bytes of `CK_OTP_SIGNATURE_INFO`, and of the `CK_OTP_PARAM`s that it points to: words of 8 bytes.
const INFO: usize = 16;
const PARAM: usize = 24;

/// A password cannot be made from half-way on.
impl Saving for Making {}

impl Signing for Making {
    fn signature_len(&self) -> usize {
        INFO + 2 * PARAM + COUNTER + usize::try_from(self.digits).unwrap_or_default()
    }

    fn takes_counter(&self) -> bool {
        self.counter.is_none()
    }

    fn give_counter(&mut self, counter: [u8; 8]) {
        self.counter = Some(counter);
    }

    /// Section 6.53.9: there are no data.
    fn update(&mut self, part: &[u8]) -> Result<()> {
        if part.is_empty() { Ok(()) } else { Err(Error::DataLenRange) }
    }

    /// A `CK_OTP_SIGNATURE_INFO` with the counter and the password behind it, each pointed to where it lies (section 6.53.7).
    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let counter = self.counter.ok_or(Error::Bug("a password without a counter"))?;
        let password = password(&self.key, counter, self.digits)?;
        let address = |offset: usize| (out.as_ptr().addr() + offset) as u64;
        let values = INFO + 2 * PARAM;
        let words = [
            address(INFO),
            2,
            CK_OTP_COUNTER,
            address(values),
            COUNTER as u64,
            CK_OTP_VALUE,
            address(values + COUNTER),
            self.digits,
        ];
        let words = words.iter().flat_map(|word| word.to_ne_bytes());
        let bytes = words.chain(counter).chain(password.expose().iter().copied());
        for (place, byte) in out.iter_mut().zip(bytes) {
            *place = byte;
        }
        Ok(())
    }
}

/// A password to be judged.
struct Judging(Making);

fn verify(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Verifying>> {
    let key: Arc<Key> = downcast(key)?;
    let asked = asked(mechanism, &key)?;
    // Section 6.53.9: for verification it "must be provided", whatever the key says of it.
    let counter = asked.counter.ok_or(refused("CK_OTP_COUNTER is needed to verify"))?;
    Ok(Box::new(Judging(Making { digits: asked.digits.unwrap_or(key.digits), key, counter: Some(counter) })))
}

impl Saving for Judging {}

impl Verifying for Judging {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.0.update(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let counter = self.0.counter.ok_or(Error::Bug("a password without a counter"))?;
        if signature.len() as u64 != self.0.digits {
            return Err(Error::SignatureLenRange);
        }
        let password = password(&self.0.key, counter, self.0.digits)?;
        if password.expose().ct_eq(signature).into() { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}
