use super::compress::store;
use super::*;
use crate::ProtocolError;

fn inflated(payload: &[u8], max: usize) -> Result<Vec<u8>, ProtocolError> {
    let mut out = b"before".to_vec();
    let outcome = inflate(payload, max, &mut out);
    assert_eq!(&out[..6], b"before", "what was there is left alone");
    let message = out.split_off(6);
    assert!(outcome.is_ok() || message.is_empty());
    outcome.map(|()| message)
}

fn deflated(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compress(payload, &mut out);
    out
}

/// Bytes that do not compress, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn examples_of_rfc_7692_section_7_2_3() {
    let hello = Ok(b"Hello".to_vec());
    // One block, a stored block, a block with BFINAL followed by the empty one, and two blocks.
    assert_eq!(inflated(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 5), hello);
    assert_eq!(inflated(&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00], 5), hello);
    assert_eq!(inflated(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], 5), hello);
    let two = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(inflated(&two, 5), hello);
    assert_eq!(inflated(&[0x00], 0), Ok(Vec::new()));
    // The second message of section 7.2.3.2 refers to the first, which no context takeover rules out.
    assert_eq!(inflated(&[0xf2, 0x00, 0x11, 0x00, 0x00], 100), Err(ProtocolError::BadDeflate));
}

#[test]
fn the_compressor_writes_what_the_rfc_shows() {
    assert_eq!(deflated(b"Hello"), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    assert_eq!(deflated(b""), [0x00]);
}

#[test]
fn every_message_is_compressed_by_itself_and_always_alike() {
    let message =
        br#"{"type":"ticket.created","room":"tickets","data":{"id":7,"title":"Printer on fire"}}"#.repeat(20);
    let first = deflated(&message);
    assert!(first.len() < message.len() / 4, "{} of {}", first.len(), message.len());
    deflated(&noise(100_000));
    assert_eq!(deflated(&message), first);
    // Nor does it depend on the room `out` has, or on the thread.
    let mut roomy = Vec::with_capacity(1 << 20);
    compress(&message, &mut roomy);
    assert_eq!(roomy, first);
    assert_eq!(std::thread::spawn(move || deflated(&message)).join().ok(), Some(first));
}

#[test]
fn what_is_compressed_inflates_to_the_same() {
    for length in [1, 2, 100, 0xfffe, 0xffff, 0x10000, 200_000] {
        for message in [noise(length), vec![b'a'; length]] {
            let deflated = deflated(&message);
            assert!(!deflated.ends_with(&FLUSH_TAIL));
            assert_eq!(inflated(&deflated, length).as_deref(), Ok(&message[..]), "{length}");
            assert_eq!(inflated(&deflated, length - 1), Err(ProtocolError::TooBig), "{length}");
        }
    }
}

#[test]
fn stored_blocks_are_a_message_too() {
    for length in [0, 1, 0xffff, 0x10000, 200_000] {
        let message = noise(length);
        let mut stored = Vec::new();
        store(&message, &mut stored);
        assert_eq!(inflated(&stored, length), Ok(message));
    }
}

#[test]
fn a_bomb_costs_no_more_than_the_limit() {
    let bomb = deflated(&vec![0; 16 << 20]);
    assert!(bomb.len() < 1 << 18);
    let mut inflater = Inflater::borrow();
    assert_eq!(inflater.inflate(&bomb, 65536), Err(ProtocolError::TooBig));
    assert!(inflater.scratch_bytes() <= 2 * 65536, "{}", inflater.scratch_bytes());
    // And what a large message did need is not kept for the small ones.
    assert_eq!(inflater.inflate(&bomb, 16 << 20).map(<[u8]>::len), Ok(16 << 20));
    drop(inflater);
    assert!(Inflater::borrow().scratch_bytes() <= 65536 * 4);
}

#[test]
fn cut_or_broken_streams_are_refused() {
    let message = noise(500);
    for whole in [deflated(&message), deflated(&b"abcabcabd".repeat(40))] {
        for cut in 1..whole.len() - 1 {
            assert_eq!(inflated(&whole[..cut], 10_000), Err(ProtocolError::BadDeflate), "cut at {cut}");
        }
    }
    assert_eq!(inflated(&[0xff], 100), Err(ProtocolError::BadDeflate));
    // An ended stream followed by what is not one.
    assert_eq!(
        inflated(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0xff], 100),
        Err(ProtocolError::BadDeflate)
    );
}

#[test]
fn a_stream_that_ends_itself_needs_no_empty_block() {
    assert_eq!(inflated(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 5), Ok(b"Hello".to_vec()));
}

#[test]
fn a_message_of_many_streams_is_one_message_up_to_a_limit() {
    let streams = |count| [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00].repeat(count);
    assert_eq!(inflated(&streams(1024), 10_000), Ok(b"Hello".repeat(1024)));
    assert_eq!(inflated(&streams(1025), 10_000), Err(ProtocolError::BadDeflate));
}
