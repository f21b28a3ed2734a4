//! Command chaining and GET RESPONSE: what lies between an APDU and a whole command (ISO 7816-4 §5.1.1, §5.3.4).

use iso7816::{
    Command, Status,
    command::{CommandView, FromSliceError},
};

/// What opcard announces as the longest command and the longest response, in bytes (DO 7F66).
pub(crate) const MAX_LENGTH: usize = 7609;

/// The channel's state: gone with the power.
#[derive(Default)]
pub(crate) struct Transport {
    chained: Option<Box<Command<MAX_LENGTH>>>,
    rest: Vec<u8>,
}

impl Transport {
    /// Takes one APDU, calls `execute` once the command is whole, and returns the response APDU.
    pub(crate) fn exchange(
        &mut self,
        apdu: &[u8],
        execute: impl FnOnce(CommandView<'_>) -> Result<Vec<u8>, Status>,
    ) -> Vec<u8> {
        self.accept(apdu, execute).unwrap_or_else(|status| <[u8; 2]>::from(status).to_vec())
    }

    fn accept(
        &mut self,
        apdu: &[u8],
        execute: impl FnOnce(CommandView<'_>) -> Result<Vec<u8>, Status>,
    ) -> Result<Vec<u8>, Status> {
        const GET_RESPONSE: u8 = 0xc0;
        let command = CommandView::try_from(apdu).map_err(malformed)?;
        let limit = response_limit(&command);

        if u8::from(command.instruction()) == GET_RESPONSE {
            return if self.rest.is_empty() {
                Err(Status::ConditionsOfUseNotSatisfied)
            } else {
                Ok(self.part(limit))
            };
        }
        self.rest.clear();

        if command.class().chain().not_the_last() {
            let whole = self.joined(command)?;
            self.chained = Some(whole);
            return Ok(<[u8; 2]>::from(Status::Success).to_vec());
        }
        self.rest = if self.chained.is_some() {
            execute(self.joined(command)?.as_view())
        } else {
            execute(command)
        }?;
        Ok(self.part(limit))
    }

    /// Appends `command` to the parts before it. A part of another command drops what was there.
    fn joined(&mut self, command: CommandView<'_>) -> Result<Box<Command<MAX_LENGTH>>, Status> {
        let same = |earlier: &Command<MAX_LENGTH>| {
            (earlier.instruction(), earlier.p1, earlier.p2)
                == (command.instruction(), command.p1, command.p2)
        };
        match self.chained.take() {
            Some(mut earlier) if same(&earlier) => {
                earlier.extend_from_command_view(command).map_err(|_| Status::WrongLength)?;
                Ok(earlier)
            }
            _ => Ok(Box::new(command.to_owned().map_err(malformed)?)),
        }
    }

    /// The next `limit` bytes of the response, with `9000` or `61xx`.
    fn part(&mut self, limit: usize) -> Vec<u8> {
        let later = self.rest.split_off(limit.min(self.rest.len()));
        let mut part = std::mem::replace(&mut self.rest, later);
        match u8::try_from(self.rest.len()) {
            Ok(0) => part.extend([0x90, 0x00]),
            Ok(left) => part.extend([0x61, left]),
            // ISO 7816-4 §5.1.3: 00 stands for 256 and more.
            Err(_) => part.extend([0x61, 0x00]),
        }
        part
    }
}

/// How many bytes the command's sender takes at once; a command without Le takes what its format allows.
fn response_limit(command: &CommandView<'_>) -> usize {
    match (command.expected(), command.extended) {
        (0, false) => 256,
        (0, true) => usize::from(u16::MAX) + 1,
        (expected, _) => expected,
    }
}

fn malformed(error: FromSliceError) -> Status {
    match error {
        FromSliceError::InvalidClass => Status::ClassNotSupported,
        FromSliceError::TooShort
        | FromSliceError::TooLong
        | FromSliceError::InvalidFirstBodyByteForExtended
        | FromSliceError::InvalidSliceLength => Status::WrongLength,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(length: usize) -> impl FnOnce(CommandView<'_>) -> Result<Vec<u8>, Status> {
        move |_| Ok(vec![7; length])
    }

    #[test]
    fn long_answer_is_handed_out_in_parts() {
        let mut transport = Transport::default();
        let first = transport.exchange(&[0, 0xca, 0, 0x6e, 0], answer(600));
        assert_eq!((first.len(), &first[256..]), (258, &[0x61, 0x00][..]));
        let second = transport.exchange(&[0, 0xc0, 0, 0, 0], answer(0));
        assert_eq!((second.len(), &second[256..]), (258, &[0x61, 88][..]));
        let third = transport.exchange(&[0, 0xc0, 0, 0, 88], answer(0));
        assert_eq!((third.len(), &third[88..]), (90, &[0x90, 0x00][..]));
        assert_eq!(transport.exchange(&[0, 0xc0, 0, 0, 0], answer(0)), [0x69, 0x85]);
    }

    #[test]
    fn extended_length_takes_the_whole_answer() {
        let response = Transport::default().exchange(&[0, 0xca, 0, 0x6e, 0, 0, 0], answer(600));
        assert_eq!(response.len(), 602);
    }

    #[test]
    fn chained_parts_become_one_command() {
        let mut transport = Transport::default();
        assert_eq!(transport.exchange(&[0x10, 0xdb, 0x3f, 0xff, 2, 1, 2], answer(0)), [0x90, 0x00]);
        assert_eq!(transport.exchange(&[0x10, 0xdb, 0x3f, 0xff, 1, 3], answer(0)), [0x90, 0x00]);
        let response = transport
            .exchange(&[0x00, 0xdb, 0x3f, 0xff, 1, 4], |command| Ok(command.data().to_vec()));
        assert_eq!(response, [1, 2, 3, 4, 0x90, 0x00]);
    }

    #[test]
    fn another_command_drops_an_unfinished_chain() {
        let mut transport = Transport::default();
        transport.exchange(&[0x10, 0xdb, 0x3f, 0xff, 2, 1, 2], answer(0));
        let response = transport
            .exchange(&[0x00, 0xda, 0x00, 0x5b, 1, 9], |command| Ok(command.data().to_vec()));
        assert_eq!(response, [9, 0x90, 0x00]);
    }

    #[test]
    fn malformed_apdus_are_answered() {
        for apdu in [&[][..], &[0, 1, 2], &[0, 1, 2, 3, 9, 1], &[0xff, 1, 2, 3]] {
            assert_eq!(Transport::default().exchange(apdu, answer(0)).len(), 2);
        }
    }
}
