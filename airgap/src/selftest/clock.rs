//! The date that the operator confirmed.

use countersign::journal::{SelfCheck, SelfTest};
use countersign::time::Timestamp;

use crate::software;

/// It is before neither the journal's last entry nor this program.
pub(super) fn check(last: Option<Timestamp>, now: Timestamp) -> SelfCheck {
    super::check(SelfTest::Clock, compare(last, software::built(), now))
}

pub(super) fn compare(
    last: Option<Timestamp>,
    built: Timestamp,
    now: Timestamp,
) -> Result<String, String> {
    match last {
        Some(last) if now < last => {
            Err(format!("the date is {now}, before the journal's last entry of {last}"))
        }
        _ if now < built => Err(format!("the date is {now}, before this program's own, {built}")),
        Some(last) => Ok(format!("{now}, after the journal ({last}) and the program ({built})")),
        None => Ok(format!("{now}, after the program ({built})")),
    }
}
