//! The buffer that sockets are read into: one a thread, none a connection.

use std::cell::RefCell;

/// Bytes read at once.
const BYTES: usize = 16 * 1024;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; BYTES].into_boxed_slice());
}

/// Lends the thread's buffer. What `read` leaves in it is gone at the next reading.
pub(crate) fn with<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    BUFFER.with_borrow_mut(|buffer| read(buffer))
}
