//! The keys that the application always has.

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CKA_CLASS, CKA_COEFFICIENT, CKA_DERIVE, CKA_EC_PARAMS, CKA_EC_POINT, CKA_EXPONENT_1,
    CKA_EXPONENT_2, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_MODULUS, CKA_PRIME_1, CKA_PRIME_2,
    CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT, CKA_SENSITIVE, CKA_VALUE_LEN, CKK_RSA, CKM_AES_KEY_GEN,
    CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_GENERIC_SECRET_KEY_GEN, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKR_OK,
};
use pkcs11_tests::keys::{Kind, Pair, attribute};
use pkcs11_tests::{Module, Template, assert_rv, mechanism};

use crate::mechanisms::Family;

const PUBLIC: &[CK_ATTRIBUTE_TYPE] = &[CKA_MODULUS, CKA_PUBLIC_EXPONENT];
const PRIVATE: &[CK_ATTRIBUTE_TYPE] = &[
    CKA_MODULUS,
    CKA_PUBLIC_EXPONENT,
    CKA_PRIVATE_EXPONENT,
    CKA_PRIME_1,
    CKA_PRIME_2,
    CKA_EXPONENT_1,
    CKA_EXPONENT_2,
    CKA_COEFFICIENT,
];

/// An RSA pair outside the token: to make one takes long, and it is wanted often.
pub(crate) struct Rsa {
    public: Template,
    private: Template,
}

impl Rsa {
    /// Makes one in the token and takes it out.
    pub(crate) fn taken_out(module: &Module, session: u64) -> Self {
        let private = Template::new().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
        let pair = pair(module, session, Kind::Rsa, &private);
        let read = |class, object, kinds: &[CK_ATTRIBUTE_TYPE]| {
            let template = Template::new().ulong(CKA_CLASS, class).ulong(CKA_KEY_TYPE, CKK_RSA);
            kinds.iter().fold(template, |template, kind| {
                template.bytes(*kind, attribute(module, session, object, *kind))
            })
        };
        Self {
            public: read(CKO_PUBLIC_KEY, pair.public, PUBLIC),
            private: read(CKO_PRIVATE_KEY, pair.private, PRIVATE),
        }
    }
}

/// A key of each family, with all uses that it can have.
pub(crate) struct Cabinet {
    rsa: Pair,
    ec: Pair,
    edwards: Pair,
    aes: u64,
    /// The one that may be wrapped.
    pub(crate) generic: u64,
    /// The curve point of the public EC key.
    pub(crate) point: Vec<u8>,
}

impl Cabinet {
    /// Session objects of the user.
    pub(crate) fn stocked(module: &Module, session: u64, rsa: &Rsa) -> Self {
        let created = |template| {
            let (rv, object) = module.create_object(session, template);
            assert_rv!(rv, CKR_OK);
            object
        };
        let generated = |kind| {
            let template = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_EXTRACTABLE, true);
            let (rv, object) = module.generate_key(session, Some(&mechanism(kind)), &template);
            assert_rv!(rv, CKR_OK);
            object
        };
        let ec = pair(module, session, Kind::P256, &Template::new().boolean(CKA_DERIVE, true));
        let edwards = edwards(module, session);
        Self {
            rsa: Pair { public: created(&rsa.public), private: created(&rsa.private) },
            ec,
            edwards,
            aes: generated(CKM_AES_KEY_GEN),
            generic: generated(CKM_GENERIC_SECRET_KEY_GEN),
            point: attribute(module, session, ec.public, CKA_EC_POINT),
        }
    }

    /// All keys.
    pub(crate) fn objects(&self) -> [(u64, Family); 8] {
        [
            (self.ec.public, Family::Ec),
            (self.ec.private, Family::Ec),
            (self.rsa.public, Family::Rsa),
            (self.rsa.private, Family::Rsa),
            (self.edwards.public, Family::Edwards),
            (self.edwards.private, Family::Edwards),
            (self.aes, Family::Aes),
            (self.generic, Family::Generic),
        ]
    }

    /// The keys of a family: of one that has no pairs twice the same.
    pub(crate) fn pair(&self, family: Family) -> Pair {
        match family {
            Family::Ec => self.ec,
            Family::Edwards => self.edwards,
            Family::Rsa => self.rsa,
            Family::Generic => Pair { public: self.generic, private: self.generic },
            Family::Aes | Family::Other => Pair { public: self.aes, private: self.aes },
        }
    }
}

fn pair(module: &Module, session: u64, kind: Kind, private: &Template) -> Pair {
    let generator = kind.generator();
    let (rv, public, private) =
        module.generate_key_pair(session, Some(&generator), &kind.public_template(), private);
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

/// Ed25519.
fn edwards(module: &Module, session: u64) -> Pair {
    let public = Template::new().bytes(CKA_EC_PARAMS, [6, 3, 43, 101, 112]);
    let generator = mechanism(CKM_EC_EDWARDS_KEY_PAIR_GEN);
    let (rv, public, private) =
        module.generate_key_pair(session, Some(&generator), &public, &Template::new());
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}
