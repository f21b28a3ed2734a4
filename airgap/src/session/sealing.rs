//! The card signs a master's own revocation, and nothing of it leaves this process in clear: what
//! the journal and the stick get is sealed.

use countersign::journal::Event;
use countersign::operation::{PrepareRevocation, Seal, Statement};
use countersign::request::Request;
use countersign::response::{Outcome, Response, SignatureBlock};
use countersign::sealed::{Passphrase, Recipients, SealedMessage};

use super::hand::Hand;
use super::{Session, SessionError};
use crate::card::{Card, CardError};
use crate::console::{Console, Step};

/// How often a passphrase may be typed back wrong.
const TRIES: usize = 3;

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// Signs, seals and answers. Whoever is to open it is settled before the card signs: with the
    /// power gone in between, the same signature is made again and sealed anew.
    pub(super) fn sign_sealed(
        &mut self,
        request: &Request,
        asked: &PrepareRevocation,
        statements: &[Statement],
        hand: &mut Hand<'_, '_>,
    ) -> Result<(), SessionError> {
        let master = hand.master;
        let [statement] = statements else { return Err(SessionError::Changed(request.id())) };
        let custodians = asked.seal.custodians(self.recorder.now());
        let custodians = custodians.map_err(|e| SessionError::Seal(e.into()))?;
        let passphrase = match &asked.seal {
            Seal::Passphrase => Some(self.agree_on_passphrase()?),
            Seal::Custodians(_) => None,
        };
        let recipients = match &passphrase {
            Some(passphrase) => Recipients::Passphrase(Some(passphrase)),
            None => Recipients::Custodians(&custodians),
        };
        let signature = statement.complete(&hand.sign(statement.digest())?)?;
        let sha256 = SignatureBlock::new(&signature).digest();
        let message = SealedMessage::seal(&signature, &recipients);
        drop(signature);
        let message = message.map_err(|e| SessionError::Seal(e.into()))?;
        self.recorder.append(Event::Sealed {
            request: request.id(),
            statement: 0,
            sha256,
            message: message.clone(),
        })?;
        hand.done += 1;
        self.console.progress(Step::Signing, hand.done, self.to_sign, "a revocation, sealed");
        let outcome = Outcome::Sealed { master: master.fingerprint(), sha256, message };
        let response = Response::new(request.id(), outcome);
        let response = match &self.options.stand_in {
            Some(_) => response,
            None => response.unopened(request, master)?.response(),
        };
        self.signed(request, statements, &response)
    }

    /// A new passphrase, shown once, and typed back as the proof that it stands on paper.
    fn agree_on_passphrase(&mut self) -> Result<Passphrase, SessionError> {
        let passphrase = Passphrase::generate().map_err(SessionError::Seal)?;
        self.console.show(&format!(
            "\nThe passphrase of the sealed revocation. It is shown this once and kept nowhere: \
             write it down.\n\n    {}\n\n",
            passphrase.words()
        ));
        for _ in 0..TRIES {
            let question = "Type the passphrase from the paper: ";
            match self.console.ask(question)? {
                Some(typed) if passphrase.is(&Passphrase::typed(&typed)) => {
                    self.console.show("That is it. Clear this screen when the session is over.\n");
                    return Ok(passphrase);
                }
                Some(_) => self.console.show("That is not it.\n"),
                None => break,
            }
        }
        Err(SessionError::Passphrase)
    }
}
