//! What PKCS#11 has no function for.

use pkcs11::administration::{AuditEvent, TokenDetails};
use pkcs11::{Error, Result, SlotId};

use crate::application::Application;
use crate::audit;
use crate::policy::approved::EVERYTHING;
use crate::quorum::roster::Role;
use crate::slot::Look;
use crate::store::{RowId, RowKind, Shelf, TagQuery};
use crate::token_management::serial_number;

const PAGE: usize = 256;

impl Application {
    pub(crate) fn do_token_details(&self, id: SlotId) -> Result<TokenDetails> {
        let slot = self.slot(id)?;
        let opened = slot.token(&self.parts, Look::Now)?;
        Ok(TokenDetails {
            officer: self.pin_trials(&opened, Role::Officer)?,
            user: self.pin_trials(&opened, Role::User)?,
            approved_only: opened.current().link.roster.mode != EVERYTHING,
            whereabouts: self.parts.places.whereabouts(slot.token, opened.life.incarnation),
        })
    }

    pub(crate) fn do_delete_token(&self, id: SlotId) -> Result<()> {
        let slot = self.slot(id)?;
        let places = self.list_places()?;
        if !places.iter().any(|place| place.token == slot.token && place.has_store) {
            return Err(Error::TokenNotInitialized);
        }
        // A token that cannot be opened any more can be deleted all the same.
        let opened = slot.token(&self.parts, Look::Now).ok();
        let counts = slot.sessions.lock();
        if !counts.is_empty() {
            return Err(Error::SessionExists);
        }
        opened.iter().for_each(|opened| slot.end_life(opened));
        self.parts.places.delete(slot.token)?;
        drop(counts);
        log::warn!("the token {} in slot {} was deleted", serial_number(slot.token), id.0);
        self.list_places().map(drop)
    }

    pub(crate) fn do_audit_events(&self, slot: SlotId, from: u64, limit: usize) -> Result<Vec<AuditEvent>> {
        let opened = self.slot(slot)?.token(&self.parts, Look::Now)?;
        loop {
            let head = opened.public_head(&self.parts)?;
            let query = TagQuery { shelf: Shelf::PUBLIC, kind: RowKind::Event, tags: Vec::new() };
            let mut rows = Vec::new();
            let mut after: Option<RowId> = None;
            loop {
                let ids = opened.home.store.find(&query, after, PAGE)?;
                after = ids.last().copied();
                rows.extend(opened.home.store.load(&ids)?.into_iter().flatten());
                if ids.len() < PAGE {
                    break;
                }
            }
            let events = audit::verify(self.parts.primitives.as_ref(), &opened.life, &rows, &head.audit);
            let events = match events {
                // Somebody has added events while the rows were read.
                Err(Error::Forged { .. }) if opened.public_head(&self.parts)?.audit != head.audit => continue,
                other => other?,
            };
            return Ok(events.into_iter().filter(|event| event.sequence >= from).take(limit).collect());
        }
    }
}
