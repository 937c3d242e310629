//! The calls of a sequence.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};

/// Sessions that a sequence can have open at once.
pub(crate) const PLACES: usize = 3;

/// A kind of operation: each has a slot of its own in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Digest,
    Sign,
    Verify,
    Encrypt,
    Decrypt,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Digest, Self::Sign, Self::Verify, Self::Encrypt, Self::Decrypt];
}

/// Whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// `CKA_PRIVATE` is FALSE: for everybody.
    Public,
    /// For the user.
    Private,
}

/// Which cipher; other operations have one mechanism each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// AES-ECB.
    Plain,
    /// AES-CBC with padding, whose last part is shorter than it may be.
    Padded,
}

/// Where a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// A null pointer asks for the length.
    Query,
    /// One byte.
    Small,
    /// Enough.
    Enough,
    /// No place for the length.
    Nowhere,
}

/// A signature to be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Of the one message.
    Right,
    /// One bit differs.
    Wrong,
    /// A byte is missing.
    Short,
}

/// One call; the first number says in which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Open { place: usize, read_write: bool },
    Close(usize),
    CloseAll,
    Info(usize),
    Login { place: usize, officer: bool },
    Logout(usize),
    FindInit(usize),
    Find(usize),
    FindFinal(usize),
    Init { place: usize, kind: Kind, key: Key, mode: Mode },
    Cancel(usize, Kind),
    Whole(usize, Kind, Room),
    Update(usize, Kind, Room),
    Final(usize, Kind, Room),
    Verify(usize, Signature),
    VerifyFinal(usize, Signature),
    DigestKey(usize, Key),
    DigestEncrypt(usize, Room),
    SignEncrypt(usize, Room),
}

fn place() -> impl Strategy<Value = usize> {
    prop_oneof![5 => Just(0), 2 => Just(1), 1 => Just(2)]
}

fn kind() -> impl Strategy<Value = Kind> {
    (0..Kind::ALL.len()).prop_map(|index| Kind::ALL[index])
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![Just(Key::Public), Just(Key::Private)]
}

fn room() -> impl Strategy<Value = Room> {
    prop_oneof![
        6 => Just(Room::Enough),
        3 => Just(Room::Small),
        3 => Just(Room::Query),
        1 => Just(Room::Nowhere),
    ]
}

fn signature() -> impl Strategy<Value = Signature> {
    prop_oneof![2 => Just(Signature::Right), 1 => Just(Signature::Wrong), 1 => Just(Signature::Short)]
}

fn call() -> impl Strategy<Value = Call> {
    let mode = || prop_oneof![Just(Mode::Plain), Just(Mode::Padded)];
    prop_oneof![
        8 => (place(), proptest::bool::weighted(0.7))
            .prop_map(|(place, read_write)| Call::Open { place, read_write }),
        2 => place().prop_map(Call::Close),
        1 => Just(Call::CloseAll),
        3 => place().prop_map(Call::Info),
        4 => (place(), proptest::bool::weighted(0.2)).prop_map(|(place, officer)| Call::Login { place, officer }),
        2 => place().prop_map(Call::Logout),
        3 => place().prop_map(Call::FindInit),
        4 => place().prop_map(Call::Find),
        3 => place().prop_map(Call::FindFinal),
        30 => (place(), kind(), key(), mode())
            .prop_map(|(place, kind, key, mode)| Call::Init { place, kind, key, mode }),
        2 => (place(), kind()).prop_map(|(place, kind)| Call::Cancel(place, kind)),
        20 => (place(), kind(), room()).prop_map(|(place, kind, room)| Call::Whole(place, kind, room)),
        25 => (place(), kind(), room()).prop_map(|(place, kind, room)| Call::Update(place, kind, room)),
        25 => (place(), kind(), room()).prop_map(|(place, kind, room)| Call::Final(place, kind, room)),
        4 => (place(), signature()).prop_map(|(place, signature)| Call::Verify(place, signature)),
        5 => (place(), signature()).prop_map(|(place, signature)| Call::VerifyFinal(place, signature)),
        4 => (place(), key()).prop_map(|(place, key)| Call::DigestKey(place, key)),
        6 => (place(), room()).prop_map(|(place, room)| Call::DigestEncrypt(place, room)),
        6 => (place(), room()).prop_map(|(place, room)| Call::SignEncrypt(place, room)),
    ]
}

/// A sequence of fewer calls than `longest`, from a token without sessions on.
pub(crate) fn sequence(longest: usize) -> impl Strategy<Value = Vec<Call>> {
    vec(call(), 1..longest)
}
