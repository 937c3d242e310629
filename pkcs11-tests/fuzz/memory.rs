//! What a call points to.

use pkcs11_tests::mechanisms::spoiling::Spoiled;

use crate::dice::Dice;

/// Bytes of the arena that inputs and outputs share, so that they overlap.
const ARENA: usize = 16 * 1024;
/// Bytes of the largest input or output.
const MOST: u64 = 4096;
/// Words of room for one result; no structure of the standard is larger.
const PLACE: usize = 64;

/// The application's memory.
pub(crate) struct Memory {
    arena: Vec<u8>,
    /// Structures of the call that is being made, each an array of words.
    structures: Vec<Vec<u64>>,
    /// Parameters of the call that is being made.
    parameters: Vec<Spoiled>,
}

/// A pointer and the length that goes with it.
#[derive(Clone, Copy)]
pub(crate) struct Lent {
    pub(crate) pointer: u64,
    pub(crate) len: u64,
}

impl Memory {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let arena = (0..ARENA).map(|_| dice.word() as u8).collect();
        Self { arena, structures: Vec::new(), parameters: Vec::new() }
    }

    /// The last call is over.
    pub(crate) fn clear(&mut self) {
        self.structures.clear();
        self.parameters.clear();
    }

    /// Parameters that stay where they are until the end of the call.
    pub(crate) fn keep(&mut self, parameters: Spoiled) {
        self.parameters.push(parameters);
    }

    /// An array of words that stays where it is until the end of the call.
    pub(crate) fn structure(&mut self, words: Vec<u64>) -> u64 {
        self.structures.push(words);
        let last = self.structures.last_mut().expect("just pushed");
        last.as_mut_ptr().expose_provenance() as u64
    }

    /// Bytes that stay where they are until the end of the call.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Lent {
        let mut words = vec![0; bytes.len() / 8 + 1];
        for (index, byte) in bytes.iter().enumerate() {
            words[index / 8] |= u64::from(*byte) << (8 * (index % 8));
        }
        Lent { pointer: self.structure(words), len: bytes.len() as u64 }
    }

    /// The words of a structure, as the call left them.
    pub(crate) fn words_at(&self, pointer: u64) -> &[u64] {
        let found = self.structures.iter().find(|words| words.as_ptr().addr() as u64 == pointer);
        found.map_or(&[], Vec::as_slice)
    }

    /// What lies in the arena there.
    pub(crate) fn read(&self, pointer: u64, len: u64) -> Vec<u8> {
        let offset = (pointer - self.arena.as_ptr().addr() as u64) as usize;
        self.arena[offset..offset + len as usize].to_vec()
    }

    /// What lies in a structure there.
    pub(crate) fn bytes_at(&self, pointer: u64, len: u64) -> Vec<u8> {
        let bytes: Vec<u8> = self.words_at(pointer).iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes[..len as usize].to_vec()
    }

    /// Bytes in the arena, where an output may meet them.
    pub(crate) fn placed(&mut self, dice: &mut Dice, bytes: &[u8]) -> Lent {
        let place = self.somewhere(dice);
        let offset = (place.pointer - self.arena.as_ptr().addr() as u64) as usize;
        self.arena[offset..offset + bytes.len()].copy_from_slice(bytes);
        Lent { len: bytes.len() as u64, ..place }
    }

    /// Room that is enough, and the place of its length.
    pub(crate) fn enough(&mut self, dice: &mut Dice) -> Lent {
        let room = Lent { len: MOST, ..self.somewhere(dice) };
        Lent { len: self.structure(vec![room.len]), ..room }
    }

    /// Room for one result, now and then nowhere.
    pub(crate) fn place(&mut self, dice: &mut Dice) -> u64 {
        if dice.once_in(60) { 0 } else { self.room() }
    }

    /// Room for one result.
    pub(crate) fn room(&mut self) -> u64 {
        self.structure(vec![0; PLACE])
    }

    fn arena_at(&mut self, offset: u64) -> u64 {
        self.arena.as_mut_ptr().expose_provenance() as u64 + offset
    }

    /// Somewhere in the arena, with at most as much as there is behind it. Few places, so that they meet often.
    fn somewhere(&mut self, dice: &mut Dice) -> Lent {
        let most = MOST.min(ARENA as u64 / 2);
        let offset = match dice.below(4) {
            0 => 0,
            1 => dice.below(64),
            2 => 512 * dice.below(16),
            _ => dice.below(ARENA as u64 / 2),
        };
        let len = dice.len(most);
        Lent { pointer: self.arena_at(offset), len }
    }

    /// Input: mostly right, sometimes null or of a length that cannot be.
    pub(crate) fn input(&mut self, dice: &mut Dice) -> Lent {
        match dice.below(50) {
            0 => Lent { pointer: 0, len: 0 },
            1 => Lent { pointer: 0, len: dice.len(MOST) },
            2 => Lent { pointer: 0, len: dice.wild_len() },
            3 => Lent { len: dice.wild_len(), ..self.somewhere(dice) },
            _ => self.somewhere(dice),
        }
    }

    /// Room for bytes and the place of its length.
    pub(crate) fn output(&mut self, dice: &mut Dice) -> Lent {
        let room = match dice.below(20) {
            0..=2 => Lent { pointer: 0, len: dice.len(MOST) },
            3 => Lent { len: dice.wild_len(), ..self.somewhere(dice) },
            4..=6 => self.somewhere(dice),
            _ => Lent { len: MOST, ..self.somewhere(dice) },
        };
        let place = if dice.once_in(60) { 0 } else { self.structure(vec![room.len]) };
        Lent { pointer: room.pointer, len: place }
    }

    /// Room for words and the place of their count.
    pub(crate) fn list(&mut self, dice: &mut Dice) -> Lent {
        let count = dice.below(80);
        let room = if dice.once_in(3) { 0 } else { self.structure(vec![0; count as usize + 1]) };
        let place = if dice.once_in(40) { 0 } else { self.structure(vec![count]) };
        Lent { pointer: room, len: place }
    }

    /// Room for words and their count.
    pub(crate) fn found(&mut self, dice: &mut Dice) -> Lent {
        let count = dice.below(40);
        match dice.below(20) {
            0 => Lent { pointer: 0, len: count },
            1 => Lent { pointer: self.structure(vec![0; 1]), len: dice.wild_len() },
            _ => Lent { pointer: self.structure(vec![0; count as usize + 1]), len: count },
        }
    }
}
