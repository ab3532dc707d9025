//! How a rotation ends before its time: what becomes of its successor, and what its caller is told.

use super::{Progress, RotationError, RotationErrorKind};
use crate::lifecycle::delete::Deletion;
use crate::lifecycle::sweep::ONE;
use crate::lifecycle::{Event, Orphans, Rotator, Stage, Sweep, Unfinished};

impl<S: Rotator> Progress<'_, S> {
    /// Ends the rotation. A successor that may be stored stays alive; one that is not stored is deleted.
    pub(super) async fn stop(&mut self, kind: RotationErrorKind<S>) -> RotationError<S> {
        let mut aftermath = self.aftermath.take();
        if let (Some(id), Some(aftermath)) = (self.successor.take(), &mut aftermath) {
            if self.held {
                self.call.service().notify(&Event::RotationUnknown {
                    key_id: self.rotate.key_id,
                    successor_id: &id,
                });
                aftermath.keep = Some(id.clone());
                self.successor = Some(id);
            } else if matches!(kind, RotationErrorKind::LivesTooLong(_))
                || !self.withdraw(&id, &kind).await
            {
                // Where it lives too long, its create has tried to delete it.
                aftermath.orphans = Orphans::Unknown;
                self.successor = Some(id);
            }
        }
        RotationError {
            stage: self.stage,
            live: self.live(&kind),
            kind,
            aftermath,
        }
    }

    /// Deletes the successor, which is not stored, and returns whether it is deleted. Where the operation
    /// was interrupted, or another try may help, the deletion is left to a sweep that follows.
    async fn withdraw(&mut self, id: &str, kind: &RotationErrorKind<S>) -> bool {
        let super::Rotate {
            account,
            user,
            mark,
            ..
        } = *self.rotate;
        let goes_on = match kind {
            RotationErrorKind::Request(error) if error.interrupts() => true,
            _ => match (Deletion { account, user }).run(self.call, id, true).await {
                Ok(()) => {
                    if let Some(unfinished) = &mut self.unfinished {
                        unfinished.keep_none();
                    }
                    return true;
                }
                Err(error) => ONE.may_be_found_after(&error) || self.unfinished.is_some(),
            },
        };
        let sweep = Sweep {
            account: account.into(),
            user: user.into(),
            mark: Some(mark.clone()),
            keep: None,
            named: Some(id.into()),
        };
        if goes_on {
            self.unfinished = Some(Unfinished::and_named(sweep, self.unfinished.take()));
        } else {
            sweep.tell(self.call.service(), Orphans::Unknown);
        }
        false
    }

    /// The keys that are alive as far as is known, the rotated one first.
    fn live(&self, kind: &RotationErrorKind<S>) -> Vec<String> {
        let (gone, successors) = match kind {
            RotationErrorKind::Missing => (true, &[][..]),
            RotationErrorKind::Request(_) => (self.stage == Stage::Find, &[][..]),
            RotationErrorKind::Unfinished(successors) => (false, &successors[..]),
            RotationErrorKind::Conflict { successors, gone } => (*gone, &successors[..]),
            _ => (false, &[][..]),
        };
        let mut live = Vec::new();
        if !gone {
            live.push(self.rotate.key_id.into());
        }
        live.extend(self.successor.clone());
        live.extend(successors.iter().map(|each| each.key_id.clone()));
        live
    }
}
