//! A command on its way through the writer, and back.

use tidings_core::{StoreError, store::Answer};

use crate::{
    chorus::{Asked, Chorus, place},
    error::{Fault, Work},
    ledger::Ledger,
};

/// What the writer knows of a command.
pub(crate) trait Command: Send {
    /// About how many bytes it brings.
    fn bytes(&self) -> usize;
    /// Does it, in the batch's transaction; may be called again after that was rolled back.
    ///
    /// # Errors
    /// Whatever leaves the transaction in an unclear state. A refusal does not: it is remembered as the answer.
    fn run(&mut self, ledger: &mut Ledger) -> Work<()>;
    /// Remembers that it failed while others did not.
    fn fail(&mut self, error: StoreError);
    /// Tells whoever waits, who is woken with the others of the chorus.
    fn answer(self: Box<Self>, end: Result<(), StoreError>, chorus: &Chorus);
    /// Whether nothing of what was may be left in the log when it is answered.
    fn empties_log(&self) -> bool;
}

/// What to do with what was handed in, and what to make of it once it is on disk.
pub(crate) struct Task<S, K, T> {
    state: S,
    bytes: usize,
    run: fn(&mut Ledger, &S) -> Work<K>,
    finish: fn(S, K) -> T,
    outcome: Option<Result<K, StoreError>>,
    empties_log: bool,
    answer: Asked<Result<T, StoreError>>,
}

impl<S: Send + 'static, K: Send + 'static, T: Send + 'static> Task<S, K, T> {
    /// A command and its answer to come.
    pub(crate) fn new(
        state: S,
        bytes: usize,
        run: fn(&mut Ledger, &S) -> Work<K>,
        finish: fn(S, K) -> T,
    ) -> (Self, Answer<'static, T>) {
        let (answer, answered) = place();
        let lost = || StoreError::Uncertain("the writer stopped amid its work; see the log".into());
        let answered = Box::pin(async move { answered.await.unwrap_or_else(|| Err(lost())) });
        (Self { state, bytes, run, finish, outcome: None, empties_log: false, answer }, answered)
    }

    pub(crate) fn emptying_log(self) -> Self {
        Self { empties_log: true, ..self }
    }
}

impl<S: Send, K: Send, T: Send> Command for Task<S, K, T> {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn run(&mut self, ledger: &mut Ledger) -> Work<()> {
        self.outcome = Some(match (self.run)(ledger, &self.state) {
            Ok(kept) => Ok(kept),
            Err(Fault::Refused(error)) => Err(error),
            Err(fault) => return Err(fault),
        });
        Ok(())
    }

    fn fail(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>, chorus: &Chorus) {
        let Self { state, finish, outcome, answer, .. } = *self;
        let answered = match (end, outcome) {
            (Ok(()), Some(Ok(kept))) => Ok(finish(state, kept)),
            (_, Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(StoreError::Unavailable("the writer left it out".into())),
        };
        answer.answer(answered, chorus);
    }

    fn empties_log(&self) -> bool {
        self.empties_log
    }
}

/// Gives all the one answer.
pub(crate) fn answer_all(commands: impl IntoIterator<Item = Box<dyn Command>>, end: &Result<(), StoreError>) {
    let chorus = Chorus::default();
    commands.into_iter().for_each(|command| command.answer(end.clone(), &chorus));
    chorus.begin();
}
