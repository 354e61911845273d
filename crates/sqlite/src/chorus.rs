//! Answers of a batch, with one wake for all of them.
//!
//! To wake a task of a runtime from another thread costs a system call; from within the runtime it costs next to nothing. So the writer
//! wakes one of those it has answered, and that one wakes the others.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;

/// Those of a batch who wait to be woken.
#[derive(Clone, Default)]
pub(crate) struct Chorus(Arc<Mutex<Vec<Waker>>>);

impl Chorus {
    /// Wakes one, who wakes the others. To be called when all have their answers.
    pub(crate) fn begin(&self) {
        let first = self.0.lock().pop();
        first.into_iter().for_each(Waker::wake);
    }

    fn wake_all(&self) {
        let all = std::mem::take(&mut *self.0.lock());
        all.into_iter().for_each(Waker::wake);
    }
}

/// Where an answer is put.
pub(crate) struct Asked<T>(Arc<Mutex<Place<T>>>);

/// The answer to come; `None` when nobody will give it any more.
pub(crate) struct Answered<T>(Arc<Mutex<Place<T>>>);

struct Place<T> {
    answer: Option<T>,
    waker: Option<Waker>,
    /// Whom to wake when the answer is taken.
    chorus: Option<Chorus>,
    is_closed: bool,
}

/// A place for an answer, from both sides.
pub(crate) fn place<T>() -> (Asked<T>, Answered<T>) {
    let place = Place { answer: None, waker: None, chorus: None, is_closed: false };
    let place = Arc::new(Mutex::new(place));
    (Asked(place.clone()), Answered(place))
}

impl<T> Asked<T> {
    /// Gives the answer. Whoever waits for it is woken with the others of the chorus.
    pub(crate) fn answer(self, answer: T, chorus: &Chorus) {
        let mut place = self.0.lock();
        place.answer = Some(answer);
        if let Some(waker) = place.waker.take() {
            place.chorus = Some(chorus.clone());
            chorus.0.lock().push(waker);
        }
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        let mut place = self.0.lock();
        place.is_closed = true;
        // Only without an answer is somebody left here.
        let waker = place.waker.take();
        drop(place);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl<T> Future for Answered<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut place = self.0.lock();
        let (answer, chorus) = (place.answer.take(), place.chorus.take());
        if answer.is_none() && !place.is_closed {
            place.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        drop(place);
        chorus.iter().for_each(Chorus::wake_all);
        Poll::Ready(answer)
    }
}

impl<T> Drop for Answered<T> {
    fn drop(&mut self) {
        // Woken to wake the others, and gone before it could.
        let chorus = self.0.lock().chorus.take();
        chorus.iter().for_each(Chorus::wake_all);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    type Waiting = (Vec<Asked<usize>>, Vec<Pin<Box<Answered<usize>>>>, Vec<Arc<Count>>);

    fn waiting(count: usize) -> Waiting {
        let (asked, answered): (Vec<_>, Vec<_>) = (0..count).map(|_| place()).unzip();
        let mut answered: Vec<_> = answered.into_iter().map(Box::pin).collect();
        let counts: Vec<Arc<Count>> = answered.iter().map(|_| Arc::default()).collect();
        for (future, count) in answered.iter_mut().zip(&counts) {
            let waker = Waker::from(count.clone());
            assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        (asked, answered, counts)
    }

    fn woken(counts: &[Arc<Count>]) -> usize {
        counts.iter().filter(|count| count.0.load(Ordering::Relaxed) > 0).count()
    }

    #[test]
    fn one_is_woken_and_wakes_the_others() {
        let (asked, mut answered, counts) = waiting(5);
        let chorus = Chorus::default();
        asked.into_iter().enumerate().for_each(|(n, asked)| asked.answer(n, &chorus));
        assert_eq!(woken(&counts), 0);
        chorus.begin();
        assert_eq!(woken(&counts), 1);
        let first = counts.iter().position(|count| count.0.load(Ordering::Relaxed) > 0).unwrap();
        let mut nobody = Context::from_waker(Waker::noop());
        assert_eq!(answered[first].as_mut().poll(&mut nobody), Poll::Ready(Some(first)));
        assert_eq!(woken(&counts), 5);
    }

    #[test]
    fn who_is_gone_leaves_nobody_asleep() {
        let (asked, mut answered, counts) = waiting(5);
        let chorus = Chorus::default();
        asked.into_iter().for_each(|asked| asked.answer(7, &chorus));
        chorus.begin();
        let first = counts.iter().position(|count| count.0.load(Ordering::Relaxed) > 0).unwrap();
        drop(answered.remove(first));
        assert_eq!(woken(&counts), 5);
        let (asked, _answered, counts) = waiting(2);
        drop(asked);
        assert_eq!(woken(&counts), 2, "nobody will answer");
    }
}
