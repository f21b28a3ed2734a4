//! Between openpgp-card and the reader: answers in pieces are put together here.
//!
//! openpgp-card 0.7.0 panics when a card that announces extended length answers `61xx` or `6Cxx`
//! (ISO 7816-4 §5.1.3). Below this wrapper such a card looks like one that answers whole.

use card_backend::{CardBackend, CardCaps, CardTransaction, PinType, SmartcardError};

/// Longest answer that is put together, in bytes: a public key has 600, a certificate 2,000.
const MAX_ANSWER: usize = 64 << 10;

/// A backend whose answers are always whole.
pub(super) struct Wire {
    inner: Box<dyn CardBackend + Send + Sync>,
}

impl Wire {
    pub(super) fn new(inner: Box<dyn CardBackend + Send + Sync>) -> Self {
        Self { inner }
    }
}

impl From<Wire> for Box<dyn CardBackend + Send + Sync> {
    fn from(wire: Wire) -> Self {
        Box::new(wire)
    }
}

impl CardBackend for Wire {
    fn limit_card_caps(&self, card_caps: CardCaps) -> CardCaps {
        self.inner.limit_card_caps(card_caps)
    }

    fn transaction(
        &mut self,
        reselect_application: Option<&[u8]>,
    ) -> Result<Box<dyn CardTransaction + Send + Sync + '_>, SmartcardError> {
        let inner = self.inner.transaction(reselect_application)?;
        Ok(Box::new(WireTransaction { inner }))
    }
}

struct WireTransaction<'a> {
    inner: Box<dyn CardTransaction + Send + Sync + 'a>,
}

impl CardTransaction for WireTransaction<'_> {
    fn transmit(&mut self, command: &[u8], buffer: usize) -> Result<Vec<u8>, SmartcardError> {
        let mut answer = self.inner.transmit(command, buffer.max(264))?;
        if let Some([.., 0x6c, length]) = answer.get(answer.len().saturating_sub(2)..) {
            let again = with_length(command, *length);
            answer = self.inner.transmit(&again, buffer.max(264))?;
        }
        let mut whole = Vec::new();
        loop {
            let Some((data, [sw1, sw2])) = answer.split_last_chunk::<2>() else {
                return Err(without_status(&answer));
            };
            whole.extend_from_slice(data);
            if *sw1 != 0x61 {
                whole.extend([*sw1, *sw2]);
                return Ok(whole);
            }
            if whole.len() > MAX_ANSWER || data.is_empty() && !whole.is_empty() {
                return Err(SmartcardError::Error("the card's answer does not end".into()));
            }
            let more = [0x00, 0xc0, 0x00, 0x00, *sw2];
            answer = self.inner.transmit(&more, 264)?;
        }
    }

    fn max_cmd_len(&self) -> Option<usize> {
        self.inner.max_cmd_len()
    }

    fn feature_pinpad_verify(&self) -> bool {
        self.inner.feature_pinpad_verify()
    }

    fn feature_pinpad_modify(&self) -> bool {
        self.inner.feature_pinpad_modify()
    }

    fn pinpad_verify(
        &mut self,
        pin: PinType,
        card_caps: &Option<CardCaps>,
    ) -> Result<Vec<u8>, SmartcardError> {
        self.inner.pinpad_verify(pin, card_caps)
    }

    fn pinpad_modify(
        &mut self,
        pin: PinType,
        card_caps: &Option<CardCaps>,
    ) -> Result<Vec<u8>, SmartcardError> {
        self.inner.pinpad_modify(pin, card_caps)
    }

    fn was_reset(&self) -> bool {
        self.inner.was_reset()
    }
}

/// A card ends every answer with a status (ISO 7816-4 §5.1). Nothing at all comes from a reader
/// whose card is gone, where its driver does not call that a failure.
fn without_status(answer: &[u8]) -> SmartcardError {
    if answer.is_empty() {
        SmartcardError::CardNotFound("there was no answer".into())
    } else {
        SmartcardError::Error("the card answered without a status".into())
    }
}

/// The same command asking for just `length` bytes (ISO 7816-4 §5.1: the four cases, short and
/// extended).
fn with_length(command: &[u8], length: u8) -> Vec<u8> {
    let mut again = command.to_vec();
    let header_and_body = match command {
        [] | [_] | [_, _] | [_, _, _] => return again,
        [_, _, _, _] | [_, _, _, _, _] => 4,
        [_, _, _, _, 0, high, low, ..] if command.len() > 7 => {
            7 + usize::from(u16::from_be_bytes([*high, *low]))
        }
        [_, _, _, _, 0, ..] => 4,
        [_, _, _, _, count, ..] => 5 + usize::from(*count),
    };
    again.truncate(header_and_body);
    if header_and_body > 6 && command[4] == 0 {
        again.push(0);
    }
    again.push(length);
    again
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use countersign_practice_card::{Commands, NoPinPad};

    use super::super::CardError;
    use super::*;

    /// Answers from a list, whatever is asked, and remembers what was asked.
    struct Scripted {
        answers: VecDeque<Vec<u8>>,
        asked: Arc<Mutex<Vec<Vec<u8>>>>,
    }

    impl Commands for Scripted {
        fn transmit(&mut self, command: &[u8], _: usize) -> Result<Vec<u8>, SmartcardError> {
            self.asked.lock().expect("one thread").push(command.to_vec());
            self.answers.pop_front().ok_or_else(|| SmartcardError::Error("RemovedCard".into()))
        }
    }

    fn ask(command: &[u8], answers: &[&[u8]]) -> (Result<Vec<u8>, SmartcardError>, Vec<Vec<u8>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers = answers.iter().map(|a| a.to_vec()).collect();
        let inner = Box::new(NoPinPad(Scripted { answers, asked: asked.clone() }));
        let mut wire = WireTransaction { inner };
        let result = wire.transmit(command, 264);
        let asked = asked.lock().expect("one thread").clone();
        (result, asked)
    }

    #[test]
    fn an_answer_in_pieces_is_put_together() {
        let (answer, asked) = ask(
            &[0, 0xca, 0, 0x6e, 0, 0, 0],
            &[&[1, 2, 0x61, 0x02], &[3, 4, 0x61, 0x01], &[5, 0x90, 0x00]],
        );
        assert_eq!(answer.expect("whole"), [1, 2, 3, 4, 5, 0x90, 0x00]);
        assert_eq!(asked[1], [0, 0xc0, 0, 0, 2]);
        assert_eq!(asked[2], [0, 0xc0, 0, 0, 1]);
    }

    #[test]
    fn a_wrong_length_is_asked_again_in_every_case_of_a_command() {
        for (command, again) in [
            (vec![0, 0xca, 0, 0x6e, 0], vec![0, 0xca, 0, 0x6e, 9]),
            (vec![0, 0xca, 0, 0x6e], vec![0, 0xca, 0, 0x6e, 9]),
            (vec![0, 0x47, 0x81, 0, 2, 0xb6, 0, 0], vec![0, 0x47, 0x81, 0, 2, 0xb6, 0, 9]),
            (vec![0, 0xca, 0, 0x6e, 0, 0, 0], vec![0, 0xca, 0, 0x6e, 9]),
            (
                vec![0, 0x47, 0x81, 0, 0, 0, 2, 0xb6, 0, 0, 0],
                vec![0, 0x47, 0x81, 0, 0, 0, 2, 0xb6, 0, 0, 9],
            ),
        ] {
            let (answer, asked) = ask(&command, &[&[0x6c, 9], &[7, 0x90, 0]]);
            assert_eq!(answer.expect("answered"), [7, 0x90, 0]);
            assert_eq!(asked[1], again);
        }
    }

    #[test]
    fn an_endless_answer_ends_in_an_error() {
        let piece: &[u8] = &[&[0_u8; 250][..], &[0x61, 0x00]].concat();
        let (answer, asked) = ask(&[0, 0xca, 0, 0x6e, 0], &vec![piece; 1_000]);
        assert!(answer.is_err());
        assert!(asked.len() < 300);
        let (answer, _) = ask(&[0, 0xca, 0, 0x6e, 0], &[&[1, 0x61, 0], &[0x61, 0], &[0x61, 0]]);
        assert!(answer.is_err());
    }

    #[test]
    fn an_answer_without_status_is_an_error_and_not_a_panic() {
        let (none, _) = ask(&[0, 0xca, 0, 0x6e, 0], &[&[]]);
        assert!(CardError::is_removal(&none.expect_err("no answer").into()));
        assert!(ask(&[0, 0xca, 0, 0x6e, 0], &[&[0x90]]).0.is_err());
    }
}
